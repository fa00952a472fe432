package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// defender is Microsoft's API, with a token in hand.
type defender struct {
	http  *http.Client
	url   string
	token string
}

// open fetches a token
// (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
func open(ctx context.Context, fresh bool) (*defender, error) {
	d := &defender{http: &http.Client{Transport: &http.Transport{DisableKeepAlives: fresh, MaxIdleConnsPerHost: 16}}, url: os.Getenv("DEFENDER_API_URL")}
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {os.Getenv("AZURE_CLIENT_ID")}, "client_secret": {os.Getenv("AZURE_CLIENT_SECRET")},
		"scope": {"https://api.securitycenter.microsoft.com/.default"},
	}
	address := os.Getenv("AZURE_AUTHORITY_HOST") + "/" + os.Getenv("AZURE_TENANT_ID") + "/oauth2/v2.0/token"
	answer, err := d.post(ctx, address, "application/x-www-form-urlencoded", []byte(form.Encode()))
	if err != nil {
		return nil, err
	}
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &token); err != nil {
		return nil, fmt.Errorf("answer of %s: %w", address, err)
	}
	d.token = token.Access
	return d, nil
}

// collect asks for a package
// (https://learn.microsoft.com/defender-endpoint/api/collect-investigation-package).
func (d *defender) collect(ctx context.Context, device string) error {
	body, err := json.Marshal(map[string]string{"Comment": "[D-000000 · asked by user (U000000000) · approved by grace (U0GRACE)] " + strings.Repeat("x", 21)})
	if err != nil {
		return err
	}
	_, err = d.post(ctx, d.url+"/api/machines/"+device+"/collectInvestigationPackage", "application/json", body)
	return err
}

func (d *defender) post(ctx context.Context, address, kind string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body)) //nolint:gosec // the address is the study's own
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", kind)
	if d.token != "" {
		req.Header.Set("Authorization", "Bearer "+d.token)
	}
	res, err := d.http.Do(req) //nolint:gosec // as above
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s: %s: %s", address, res.Status, answer)
	}
	return answer, err
}
