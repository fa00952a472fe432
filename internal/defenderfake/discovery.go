package defenderfake

import "net/http"

// metadata is what Entra says about a tenant's endpoints: the fields of
// https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#sample-response and the issuer. MSAL reads it
// before it asks for its first token, and signs assertions for the token endpoint that it names.
type metadata struct {
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Methods       []string `json:"token_endpoint_auth_methods_supported"`
	Keys          string   `json:"jwks_uri"`
	UserInfo      string   `json:"userinfo_endpoint"`
	Subjects      []string `json:"subject_types_supported"`
	Issuer        string   `json:"issuer"`
}

// discover is {tenant}/v2.0/.well-known/openid-configuration. Of what it names only the token endpoint is there.
func (t *tenant) discover(x *exchange) reply {
	if d := t.checkTenant(x); d != nil {
		return d.reply(x.now)
	}
	at := t.base + "/" + t.opts.Tenant
	return jsonReply(http.StatusOK, metadata{
		Authorization: at + "/oauth2/v2.0/authorize",
		Token:         at + "/oauth2/v2.0/token",
		Methods:       []string{"client_secret_post", "private_key_jwt"},
		Keys:          at + "/discovery/v2.0/keys",
		UserInfo:      "https://graph.microsoft.com/oidc/userinfo",
		Subjects:      []string{"pairwise"},
		Issuer:        at + "/v2.0",
	})
}
