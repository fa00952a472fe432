package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	return strconv.FormatInt(r.Version, 10) + " " + string(text), nil
}

// decode reads a record and holds it against what must be true of every record.
// One that cannot be trusted is a *Refusal, NewerRecord or BrokenRecord, and is
// never acted on.
func decode(id, text string) (approvals.Request, error) {
	version, body, _ := strings.Cut(text, " ")
	s, err := read([]byte(body))
	r := s.Request
	switch {
	case err == nil && s.Format > format:
		return approvals.Request{ID: id}, approvals.Refuse(approvals.NewerRecord, id)
	case err == nil:
		err = errors.Join(r.Validate(id), sameVersion(r, version))
	}
	if err != nil {
		return approvals.Request{ID: id}, broken(id, err)
	}
	return r, nil
}

// read reads JSON once where it has nothing that this version does not know: the usual
// case. Of a form that is too new it reads no more than that.
func read(body []byte) (s stored, err error) {
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()
	if strict.Decode(&s) == nil {
		if _, end := strict.Token(); errors.Is(end, io.EOF) {
			return s, nil
		}
	}
	s = stored{}
	var head struct {
		Format int `json:"f"`
	}
	if json.Unmarshal(body, &head) == nil && head.Format > format {
		return stored{Format: head.Format}, nil
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return s, fmt.Errorf("decode: %w", err)
	}
	s.Unknown, err = unknownFields(body, s)
	return s, err
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
