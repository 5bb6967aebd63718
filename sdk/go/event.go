package orqestra

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// Preflight is what is to be done before the first call; logged once.
const Preflight = `Orqestra pre-flight: three things to do before notifications arrive
  1. Admin UI > Providers: configure a delivery provider (in-app push needs none)
  2. Admin UI > Templates: create and activate a template with exactly the event type you send
  3. Test with "global.info" and variables {title, message} first
  (said once; ORQESTRA_PREFLIGHT=off says it no more)`

var preflightSaid int32

func sayPreflight(logger Logger) {
	if os.Getenv("ORQESTRA_PREFLIGHT") != "off" && atomic.CompareAndSwapInt32(&preflightSaid, 0, 1) {
		logger.Printf("%s", Preflight)
	}
}

// The body of a trigger. Absent fields stay away; an empty list or map that was given is sent.
type event struct {
	EventType string    `json:"eventType"`
	EventID   string    `json:"eventId,omitempty"`
	Channels  *[]string `json:"channels,omitempty"`
	SendAt    string    `json:"sendAt,omitempty"`
	Payload   Payload   `json:"payload"`
	Variables any       `json:"variables,omitempty"`
}

// So that a retry can never notify twice, a call without an idempotency key and without an event id is given an
// event id here: the server takes an id once, and says "dispatched" again when it comes a second time.
func eventOf(eventType string, payload Payload, variables Variables, given []Options) (*event, map[string]string, error) {
	var options Options
	switch len(given) {
	case 0:
	case 1:
		options = given[0]
	default:
		return nil, nil, validationError("at most one Options can be given")
	}
	var problems []string
	headers := map[string]string{}
	for _, header := range []struct{ name, field, value string }{
		{"X-Idempotency-Key", "IdempotencyKey", options.IdempotencyKey},
		{"X-Trace-Id", "TraceID", options.TraceID},
	} {
		if header.value == "" {
			continue
		}
		if !visible.MatchString(header.value) {
			problems = append(problems, "options."+header.field+" must be 1 to 255 visible characters")
		}
		headers[header.name] = header.value
	}
	if problems != nil {
		return nil, nil, validationError(problems...)
	}
	e := &event{EventType: eventType, EventID: options.EventID, Payload: payload}
	if e.EventID == "" && options.IdempotencyKey == "" {
		e.EventID = newUUID()
	}
	if options.Channels != nil {
		e.Channels = &options.Channels
	}
	if !options.SendAt.IsZero() {
		e.SendAt = options.SendAt.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	if variables != nil {
		e.Variables = variables
	}
	return e, headers, nil
}

// Version 4, RFC 9562.
func newUUID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("no randomness: " + err.Error()) // the system is broken; an id that repeats would lose events
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// As the other modules write it: <, > and & are themselves.
func encode(body any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, validationError("the event cannot be written as JSON: " + err.Error())
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// 2, 2.5: seconds as a person writes them.
func secondsText(wait time.Duration) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", wait.Seconds()), "0"), ".")
}
