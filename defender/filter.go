package defender

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// quote writes a string literal of OData: in single quotes, those inside doubled.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// filtered returns the path with a filter. The name of the parameter keeps its dollar
// sign, as in all of Microsoft's samples.
func filtered(path, filter string) string {
	return path + "?$filter=" + strings.ReplaceAll(url.QueryEscape(filter), "+", "%20")
}

// perPage is how many rows a list has at most; the API itself stops at 10,000.
const perPage = 1000

// list reads a list, and reports whether it is all that there is: it is not if Defender
// says that there is more, stopped at perPage, or wrote a row that cannot be read. Such a
// row is left out. A list without a value is no empty list: it says nothing.
func list[T any](ctx context.Context, c *Client, q query, path, filter string) (rows []T, whole bool, err error) {
	var page struct {
		Value []json.RawMessage `json:"value"`
		Next  text              `json:"@odata.nextLink"`
	}
	if err := c.get(ctx, q, filtered(path, filter)+"&$top="+strconv.Itoa(perPage), &page); err != nil {
		return nil, false, err
	}
	if page.Value == nil {
		return nil, false, &Error{Op: q.op, Cause: BadAnswer, Status: http.StatusOK, Err: errors.New("the answer has no list")}
	}
	for _, raw := range page.Value {
		var row T
		if json.Unmarshal(raw, &row) == nil {
			rows = append(rows, row)
		}
	}
	return rows, page.Next == "" && len(page.Value) < perPage && len(rows) == len(page.Value), nil
}
