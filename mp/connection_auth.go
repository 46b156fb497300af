package mp

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"

	"github.com/starmp/starmp/mp/wire"
)

// Whoever has an authkey proves it before any value is decoded, each side to the other: one sends a random challenge, the other
// answers with its HMAC-SHA256 under the key. The messages are those of CPython 3.12 and later; its older protocol with MD5 is not
// spoken.
const (
	authChallenge = "#CHALLENGE#"
	authWelcome   = "#WELCOME#"
	authFailure   = "#FAILURE#"
	authDigest    = "{sha256}"
	authRandom    = 40  // bytes of a challenge
	authMost      = 256 // bytes of a message
)

func authError(format string, args ...any) error {
	return wire.Errorf("multiprocessing.AuthenticationError", format, args...)
}

// deliverChallenge has the other side prove that it has the key.
func deliverChallenge(s *socket, key []byte, w waitFor) error {
	message := make([]byte, len(authDigest)+authRandom)
	rand.Read(message[copy(message, authDigest):])
	if err := s.transmit(append([]byte(authChallenge), message...), w); err != nil {
		return err
	}
	answer, err := s.receive(authMost, w)
	if err != nil {
		return err
	}
	if !hmac.Equal(answer, authAnswer(key, message)) {
		s.transmit([]byte(authFailure), w)
		return authError("digest received was wrong")
	}
	return s.transmit([]byte(authWelcome), w)
}

// answerChallenge proves to the other side that this one has the key.
func answerChallenge(s *socket, key []byte, w waitFor) error {
	message, err := s.receive(authMost, w)
	if err != nil {
		return err
	}
	message, ok := bytes.CutPrefix(message, []byte(authChallenge))
	switch {
	case !ok:
		return authError("protocol error, expected a challenge, got %d bytes", len(message))
	case !bytes.HasPrefix(message, []byte(authDigest)):
		return authError("challenge for another digest than %s", authDigest)
	}
	if err := s.transmit(authAnswer(key, message), w); err != nil {
		return err
	}
	answer, err := s.receive(authMost, w)
	if err != nil {
		return err
	}
	if string(answer) != authWelcome {
		return authError("digest sent was rejected")
	}
	return nil
}

func authAnswer(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum([]byte(authDigest))
}
