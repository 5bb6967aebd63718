package orqestra

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

const retriesMax = 3

// Before the first, second and third retry of a call that failed over there.
var serverWaits = [retriesMax + 1]time.Duration{2 * time.Second, 8 * time.Second, 30 * time.Second}

// A redirect is refused: it would carry the key to wherever it points.
var defaultHTTPClient = &http.Client{
	Timeout:       timeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Encoded and signed once; a retry sends the very same bytes. result may be nil.
func (c *Client) call(ctx context.Context, method, path string, body any, headers map[string]string, result any) (http.Header, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = encode(body); err != nil {
			return nil, err
		}
	}
	serverFailures := 0
	for retry := 1; ; retry++ {
		request, err := c.request(ctx, method, path, data, headers)
		if err != nil {
			return nil, configError("ORQESTRA_HOST is no address: " + err.Error())
		}
		answer, failure := c.attempt(request, result)
		if failure == nil {
			return answer, nil
		}
		if ctx.Err() != nil { // the caller has left; not a failure to try again
			return nil, failure
		}
		wait := failure.RetryAfter
		if wait == nil && failure.isTemporary() {
			wait = &serverWaits[serverFailures]
			serverFailures++
		}
		if wait == nil || *wait > c.config.MaxWait || retry > retriesMax {
			c.report(failure)
			return nil, failure
		}
		c.config.Logger.Printf("%s: retry %d of %d in %s s", failure.summary(), retry, retriesMax, secondsText(*wait))
		if err := c.config.Sleep(ctx, *wait); err != nil {
			return nil, err
		}
	}
}

func (c *Client) request(ctx context.Context, method, path string, data []byte, headers map[string]string) (*http.Request, error) {
	var body io.Reader
	if data != nil {
		body = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.config.Host+path, body)
	if err != nil {
		return nil, err
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("x-api-key", c.config.APIKey)
	if data != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.config.WebhookSecret != "" {
		// The signature covers the body as it goes out, and an empty one where there is none.
		mac := hmac.New(sha256.New, []byte(c.config.WebhookSecret))
		mac.Write(data)
		request.Header.Set("X-Orqestra-Signature", hex.EncodeToString(mac.Sum(nil)))
	}
	return request, nil
}

func (c *Client) attempt(request *http.Request, result any) (http.Header, *Error) {
	response, err := c.config.HTTPClient.Do(request)
	if err != nil {
		return nil, &Error{Kind: ErrConnection, Messages: []string{"no answer from the server"}, Cause: err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, &Error{Kind: ErrConnection, Messages: []string{"no answer from the server"}, Cause: err}
	}
	if failure := errorOf(response, text); failure != nil {
		return nil, failure
	}
	if result == nil {
		return response.Header, nil
	}
	if err := json.Unmarshal(text, result); err != nil {
		return nil, &Error{Kind: ErrAPI, Status: response.StatusCode, Cause: err,
			Messages: []string{"the answer is not what was expected: is ORQESTRA_HOST an Orqestra server?"}}
	}
	return response.Header, nil
}

func (c *Client) report(failure *Error) {
	switch {
	case errors.Is(failure, ErrUnauthorized):
		c.config.Logger.Printf("Invalid API key or inactive tenant")
	case errors.Is(failure, ErrValidation):
		list, _ := encode(failure.Messages) // strings always encode
		c.config.Logger.Printf("Validation errors: %s", list)
	}
}
