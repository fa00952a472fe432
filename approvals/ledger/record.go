package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"defenderbot/approvals"
)

// format is the highest number of a stored form that this version knows. A record with a
// higher one is left to the versions that know it.
const format = 2

// formatOf is the number of the stored form of r: as low as can be, so that an older
// version beside this one reads all that it can act on. One that knows nothing of requests
// without devices, or of acting alone, would take such a record for a broken one.
func formatOf(r approvals.Request) int {
	if r.Unfreezes() || r.Forced {
		return 2
	}
	return 1
}

// stored is a record as it stands in Redis.
type stored struct {
	Format int `json:"f"` // 0: by the first version, which had no number
	approvals.Request
}

// encode is the stored form of a record: its version, then JSON, so that the
// script can compare versions without reading the rest.
func encode(r approvals.Request) (string, error) {
	text, err := json.Marshal(stored{formatOf(r), r})
	if err == nil && len(r.Unknown) > 0 {
		text, err = withUnknown(text, r.Unknown)
	}
	if err != nil {
		return "", fmt.Errorf("encode %s: %w", r.ID, err)
	}
	return fmt.Sprintf("%d %s", r.Version, text), nil
}

// decode reads a record and holds it against what must be true of every record.
// One that cannot be trusted is a *Refusal, NewerRecord or BrokenRecord, and is
// never acted on.
func decode(id, text string) (approvals.Request, error) {
	version, body, _ := strings.Cut(text, " ")
	var head struct {
		Format int `json:"f"`
	}
	var s stored
	if err := json.Unmarshal([]byte(body), &head); err == nil && head.Format > format {
		return approvals.Request{ID: id}, approvals.Refuse(approvals.NewerRecord, id)
	}
	err := json.Unmarshal([]byte(body), &s)
	r := s.Request
	if err == nil {
		err = errors.Join(r.Validate(id), sameVersion(r, version))
	}
	if err == nil {
		r.Unknown, err = unknownFields([]byte(body), s)
	}
	if err != nil {
		return approvals.Request{ID: id}, broken(id, err)
	}
	return r, nil
}

// broken refuses to act on what cannot be trusted.
func broken(id string, err error) error {
	return &approvals.Refusal{Why: approvals.Why{Reason: approvals.BrokenRecord, Detail: id}, Err: err}
}

func sameVersion(r approvals.Request, version string) error {
	if strconv.FormatInt(r.Version, 10) != version {
		return fmt.Errorf("version %d stands under %q", r.Version, version)
	}
	return nil
}
