// ago.ts: "3 minutes ago", and a clock that keeps it true.

const words = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
    ['year', 31_536_000], ['month', 2_592_000], ['week', 604_800],
    ['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1],
];

export function ago(then: number, now: number): string {
    // The server's clock may run ahead of ours; nothing happened in the future.
    const seconds = Math.max(0, Math.floor((now - then) / 1000));
    if (seconds < 5) return 'just now';
    const [unit, size] = UNITS.find(([, unitSeconds]) => seconds >= unitSeconds)!;
    return words.format(-Math.floor(seconds / size), unit);
}

export function timeElement(then: number): HTMLTimeElement {
    const time = document.createElement('time');
    const date = new Date(then);
    time.dateTime = date.toISOString();
    time.title = exact.format(date);
    time.textContent = ago(then, Date.now());
    return time;
}

/** Keeps every <time> below root true. */
export function keepTicking(root: ParentNode): void {
    const tick = () => {
        if (document.hidden) return;
        const now = Date.now();
        for (const time of root.querySelectorAll('time')) {
            const words = ago(Date.parse(time.dateTime), now);
            if (time.textContent !== words) time.textContent = words;
        }
    };
    setInterval(tick, 1000);
    document.addEventListener('visibilitychange', tick);
}
