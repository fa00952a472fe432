package main

import "defenderbot/internal/sandbox"

// alone is break-glass: an approver acts without a second person, everybody hears of it,
// and another approver reviews it.
func (s *story) alone() error {
	if err := s.says(sandbox.Grace, "isolate! web-02.contoso.example it is being emptied as I type", "You are acting alone"); err != nil {
		return err
	}
	if err := s.alarm("everybody who decides hears that somebody acted alone", "it is being emptied as I type", "without anybody's approval"); err != nil {
		return err
	}
	card, err := s.see("the device is cut off, approved by nobody, and the card calls for a review",
		"Succeeded", "Nobody approved this", "Waiting for a review", "it is being emptied as I type")
	if err != nil {
		return err
	}
	if err := s.press(sandbox.Grace, card, "review", "somebody else"); err != nil {
		return err
	}
	if err := s.fills(sandbox.Joan, card, "review", "it was right; next time call me first"); err != nil {
		return err
	}
	_, err = s.see("reviewed by another person", "acted alone", "Reviewed by", "next time call me first")
	return err
}
