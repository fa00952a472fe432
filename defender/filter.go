package defender

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// quote writes a string literal of OData: in single quotes, those inside doubled.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// filtered returns the path with a filter. The name of the parameter keeps its dollar
// sign, as in all of Microsoft's samples.
func filtered(path, filter string) string {
	return path + "?$filter=" + strings.ReplaceAll(url.QueryEscape(filter), "+", "%20")
}

// list reads a list. One without a value is no empty list: it says nothing.
func list[T any](ctx context.Context, c *Client, q query, path string) ([]T, error) {
	var page struct {
		Value []T `json:"value"`
	}
	if err := c.get(ctx, q, path, &page); err != nil {
		return nil, err
	}
	if page.Value == nil {
		return nil, &Error{Op: q.op, Cause: BadAnswer, Status: http.StatusOK, Err: errors.New("the answer has no list")}
	}
	return page.Value, nil
}
