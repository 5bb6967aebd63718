// errors.ts: a refusal, with the HTTP status it came with (0: nobody answered).
export class OrqestraError extends Error {
    constructor(readonly status: number, message: string) {
        super(message);
        this.name = 'OrqestraError';
    }
}

/** Trying again will not help: the token, the key or the user is not welcome. */
export function isFinal(error: unknown): boolean {
    const { status } = (error ?? {}) as { status?: unknown };
    return status === 401 || status === 403 || status === 404 || status === 422;
}
