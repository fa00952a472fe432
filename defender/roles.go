package defender

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Roles returns the application roles that an access token carries, without checking its
// signature: a hint for whoever sets the program up, never a decision. A token that
// cannot be read, or that was issued without roles, has none.
func Roles(accessToken string) []string {
	parts := strings.Split(accessToken, ".")
	if len(parts) != 3 {
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	var c struct {
		Roles []string `json:"roles"`
	}
	if json.Unmarshal(b, &c) != nil {
		return nil
	}
	return c.Roles
}
