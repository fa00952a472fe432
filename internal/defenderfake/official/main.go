// Command official tells the story on azidentity,
// https://pkg.go.dev/github.com/Azure/azure-sdk-for-go/sdk/azidentity. It is a module of its own, so that the product
// does not depend on it. identity.mjs tells the same story, so that one test can hold both to it.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "official:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	client, err := trusting(os.Getenv("CA_FILE"))
	if err != nil {
		return err
	}
	credentials, err := credentials(client)
	if err != nil {
		return err
	}
	for _, c := range credentials {
		got, err := collect(ctx, client, c, c.name)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Printf("%s: %s\n", c.name, got)
	}
	return nil
}

// trusting returns a client that trusts one authority.
func trusting(file string) (*http.Client, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("CA_FILE holds no certificate")
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}, nil
}

// named is a credential and what the story calls it.
type named struct {
	name string
	azcore.TokenCredential
}

// credentials are one of each kind, and one that is wrong. The authority comes from AZURE_AUTHORITY_HOST.
func credentials(client *http.Client) ([]named, error) {
	tenant, app := os.Getenv("AZURE_TENANT_ID"), os.Getenv("AZURE_CLIENT_ID")
	options := azcore.ClientOptions{Transport: client}
	// Without DisableInstanceDiscovery the library asks Microsoft whether the authority is one of Microsoft's.
	bySecret := azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true}
	secret, err := azidentity.NewClientSecretCredential(tenant, app, os.Getenv("AZURE_CLIENT_SECRET"), &bySecret)
	if err != nil {
		return nil, err
	}
	wrong, err := azidentity.NewClientSecretCredential(tenant, app, "wrong", &bySecret)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(os.Getenv("AZURE_CLIENT_CERTIFICATE_PATH"))
	if err != nil {
		return nil, err
	}
	certificates, key, err := azidentity.ParseCertificates(pem, nil)
	if err != nil {
		return nil, err
	}
	certificate, err := azidentity.NewClientCertificateCredential(tenant, app, certificates, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	if err != nil {
		return nil, err
	}
	workload, err := azidentity.NewWorkloadIdentityCredential( // AZURE_FEDERATED_TOKEN_FILE and the ids are its defaults
		&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	if err != nil {
		return nil, err
	}
	return []named{{"secret", secret}, {"certificate", certificate}, {"workload identity", workload}, {"wrong secret", wrong}}, nil
}

var aadsts = regexp.MustCompile(`AADSTS\d+`)

// collect finds a device by its name, collects a package from it and follows that to its end. Where no token is to be
// had it returns what the library made of the refusal.
func collect(ctx context.Context, client *http.Client, credential azcore.TokenCredential, comment string) (string, error) {
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{os.Getenv("DEFENDER_SCOPE")}})
	if refused := (*azidentity.AuthenticationFailedError)(nil); errors.As(err, &refused) {
		return aadsts.FindString(refused.Error()), nil
	} else if err != nil {
		return "", err
	}
	call := func(method, path string, body, into any) error {
		return call(ctx, client, token.Token, method, path, body, into)
	}
	var found struct {
		Value []struct {
			ID string `json:"id"`
		} `json:"value"`
	}
	filter := url.QueryEscape("computerDnsName eq '" + os.Getenv("DEVICE") + "'")
	if err := call(http.MethodGet, "/api/machines?$filter="+filter, nil, &found); err != nil {
		return "", err
	}
	if len(found.Value) != 1 {
		return "", fmt.Errorf("%d devices have the name, want one", len(found.Value))
	}
	var action struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	post := "/api/machines/" + found.Value[0].ID + "/collectInvestigationPackage"
	err = call(http.MethodPost, post, map[string]string{"Comment": comment}, &action)
	for err == nil && (action.Status == "Pending" || action.Status == "InProgress") {
		time.Sleep(100 * time.Millisecond)
		err = call(http.MethodGet, "/api/machineactions/"+action.ID, nil, &action)
	}
	return action.Status, err
}

// call makes one request of the API.
func call(ctx context.Context, client *http.Client, token, method, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, os.Getenv("DEFENDER_API_URL")+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	raw, err = io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s %s", method, path, answer.Status, raw)
	}
	return json.Unmarshal(raw, into)
}
