package orqestra

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Every way a call can fail; ask with errors.Is, look closer with errors.As and *Error.
var (
	ErrConfig       = errors.New("a setting is missing or wrong")          // nothing was sent
	ErrUnauthorized = errors.New("invalid API key or inactive tenant")     // 401: the key, the tenant or the signature
	ErrValidation   = errors.New("the request is not valid")               // 422, or status 0 when it was plain before sending
	ErrRateLimit    = errors.New("rate limit exceeded")                    // 429
	ErrServer       = errors.New("the server failed")                      // 5xx
	ErrConnection   = errors.New("no answer from the server")              // not reached, cut off or too slow
	ErrAPI          = errors.New("the server answered with another error") // any other status
)

// Error says what went wrong.
type Error struct {
	Kind       error          // one of the above
	Status     int            // of the last answer; 0 when there was none
	Messages   []string       // what the server said; for ErrValidation all mistakes, one sentence each
	RetryAfter *time.Duration // of a 429 that said so
	Cause      error          // what the network or the JSON reader said
}

func (e *Error) Error() string {
	text := "orqestra: " + strings.Join(e.Messages, "; ")
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Is lets errors.Is find the kind.
func (e *Error) Is(target error) bool { return target == e.Kind }

// Unwrap leads to what the network said: context.DeadlineExceeded, say.
func (e *Error) Unwrap() error { return e.Cause }

func (e *Error) isTemporary() bool {
	return e.Kind == ErrRateLimit || e.Kind == ErrServer || e.Kind == ErrConnection
}

func (e *Error) summary() string {
	switch e.Kind {
	case ErrRateLimit:
		return "Rate limit exceeded"
	case ErrServer:
		return fmt.Sprintf("Server error %d", e.Status)
	default:
		return "No answer from the server"
	}
}

func configError(message string) error { return &Error{Kind: ErrConfig, Messages: []string{message}} }

func validationError(messages ...string) error {
	return &Error{Kind: ErrValidation, Messages: messages}
}

// The error of an answer; nil for a good one.
func errorOf(response *http.Response, text []byte) *Error {
	status := response.StatusCode
	if status >= 200 && status <= 299 {
		return nil
	}
	var envelope struct {
		Message    json.RawMessage
		RetryAfter *float64
	}
	_ = json.Unmarshal(text, &envelope) // an answer that is no JSON has said nothing
	e := &Error{Kind: kindOf(status), Status: status, Messages: sentencesOf(envelope.Message, status)}
	if status == http.StatusTooManyRequests {
		e.RetryAfter = waitOf(envelope.RetryAfter, response.Header.Get("Retry-After"))
	}
	return e
}

func kindOf(status int) error {
	switch {
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status == http.StatusUnprocessableEntity:
		return ErrValidation
	case status == http.StatusTooManyRequests:
		return ErrRateLimit
	case status >= 500:
		return ErrServer
	default:
		return ErrAPI
	}
}

func sentencesOf(message json.RawMessage, status int) []string {
	var list []string
	if json.Unmarshal(message, &list) == nil && list != nil {
		return list
	}
	var one string
	if json.Unmarshal(message, &one) == nil && one != "" {
		return []string{one}
	}
	return []string{fmt.Sprintf("the server answered %d", status)}
}

func waitOf(inBody *float64, inHeader string) *time.Duration {
	var wait time.Duration
	if inBody != nil && *inBody >= 0 {
		wait = time.Duration(*inBody * float64(time.Second))
	} else if seconds, err := strconv.ParseUint(inHeader, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else {
		return nil
	}
	return &wait
}
