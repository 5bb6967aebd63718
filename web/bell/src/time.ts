// time.ts: "3 minutes ago" in the reader's language.

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
    ['year', 31_536_000], ['month', 2_592_000], ['week', 604_800],
    ['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1],
];
const NOW_S = 5;

export class Clock {
    #relative: Intl.RelativeTimeFormat;
    #exact: Intl.DateTimeFormat;

    constructor(readonly lang: string) {
        const known = supported(lang);
        this.#relative = new Intl.RelativeTimeFormat(known, { numeric: 'auto' });
        this.#exact = new Intl.DateTimeFormat(known, { dateStyle: 'medium', timeStyle: 'short' });
    }

    ago(then: Date, now: number): string {
        // The server's clock may run ahead of ours; nothing happened in the future.
        const seconds = Math.max(0, Math.floor((now - then.getTime()) / 1000));
        if (seconds < NOW_S) return this.#relative.format(0, 'second');
        const [unit, size] = UNITS.find(([, unitSeconds]) => seconds >= unitSeconds)!;
        return this.#relative.format(-Math.floor(seconds / size), unit);
    }

    exact(then: Date): string {
        return this.#exact.format(then);
    }
}

/** A page may carry a lang no engine knows ("xx_YY"): Intl throws there, a bell must not. */
function supported(lang: string): string | undefined {
    try {
        return Intl.getCanonicalLocales(lang)[0];
    } catch {
        return undefined;
    }
}

/** The language an element is in, also when it sits in somebody's shadow tree. */
export function languageOf(element: Element): string {
    for (let at: Element | null = element; at;) {
        const named: Element | null = at.closest('[lang]');
        if (named) return named.getAttribute('lang')!;
        const root = at.getRootNode();
        at = root instanceof ShadowRoot ? root.host : null;
    }
    return navigator.language;
}
