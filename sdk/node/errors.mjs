// errors.mjs: every way a call can fail, and what each has to tell.

export class OrqestraError extends Error {
  // status: of the last answer; 0 when there was none.
  constructor(status, message, options) {
    super(message, options);
    this.name = new.target.name;
    this.status = status;
  }

  // Worth trying again.
  get isTemporary() {
    return false;
  }
}

// Nothing was sent: a setting is missing or wrong.
export class OrqestraConfigError extends OrqestraError {
  constructor(message) {
    super(0, message);
  }
}

// 401: the key, the tenant or the signature.
export class OrqestraAuthError extends OrqestraError {}

// 422, or status 0 when the mistake was plain before sending. errors: all of them, one sentence each.
export class OrqestraValidationError extends OrqestraError {
  constructor(status, errors) {
    super(status, errors.join('; '));
    this.errors = errors;
  }
}

// 429. retryAfter: seconds.
export class OrqestraRateLimitError extends OrqestraError {
  constructor(message, retryAfter) {
    super(429, message);
    this.retryAfter = retryAfter;
  }
  get isTemporary() {
    return true;
  }
  get summary() {
    return 'Rate limit exceeded';
  }
}

// 5xx.
export class OrqestraServerError extends OrqestraError {
  get isTemporary() {
    return true;
  }
  get summary() {
    return `Server error ${this.status}`;
  }
}

// No answer: not reached, cut off or too slow. cause: what the network said.
export class OrqestraConnectionError extends OrqestraError {
  constructor(cause) {
    super(0, `no answer from the server: ${cause.cause?.message ?? cause.message}`, { cause });
  }
  get isTemporary() {
    return true;
  }
  get summary() {
    return 'No answer from the server';
  }
}

// The error of an answer; undefined for a good one.
export function errorOf(status, json, retryAfterHeader) {
  const said = json?.message;
  const message = (Array.isArray(said) ? said.join('; ') : said) ?? `the server answered ${status}`;
  if (status === 401) return new OrqestraAuthError(status, message);
  if (status === 422) return new OrqestraValidationError(status, [].concat(said ?? message));
  if (status === 429) return new OrqestraRateLimitError(message, secondsOf(json?.retryAfter, retryAfterHeader));
  if (status >= 500) return new OrqestraServerError(status, message);
  if (status < 200 || status > 299) return new OrqestraError(status, message);
  if (json === undefined) return new OrqestraError(status, 'the answer is not JSON: is ORQESTRA_HOST an Orqestra server?');
  return undefined;
}

function secondsOf(inBody, inHeader) {
  if (typeof inBody === 'number' && inBody >= 0) return inBody;
  return /^\d+$/.test(inHeader ?? '') ? Number(inHeader) : undefined;
}
