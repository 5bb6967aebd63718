// compose.ts: the form that fires a trigger, and the same call for a shell.
import type { Api } from './api';
import { find } from './dom';

const SAMPLES: Record<string, [title: string, message: string]> = {
    'global.info': ['Scheduled maintenance', 'The export service pauses on Sunday from 02:00 to 02:15 UTC.'],
    'global.success': ['Backup complete', 'All 14 projects were copied. Nothing needs your attention.'],
    'global.warning': ['Storage is almost full', 'You have used 91 % of your 50 GB.'],
    'global.alert': ['New sign-in from Nairobi', 'Was this you? If not, change your password now.'],
    'global.error': ['Payment failed', 'Your bank declined the card that ends in 4242.'],
    'order.confirmed': ['Order ORD-1042 confirmed', 'Thank you! It leaves our warehouse tomorrow morning.'],
};

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** What a backend would send; the demo route builds the same from the form. */
export function curlCommand(userId: string, eventType: string, title: string, message: string): string {
    const json = JSON.stringify;
    const body = `{"eventType": ${json(eventType)},\n`
        + `       "payload":   ${json({ userId })},\n`
        + `       "variables": {"title": ${json(title)},\n`
        + `                     "message": ${json(message)}}}`;
    return [
        `curl ${location.origin}/api/v1/events/trigger \\`,
        '  -H "x-api-key: $ORQESTRA_API_KEY" \\',
        `  -H 'Content-Type: application/json' \\`,
        `  -d ${quote(body)}`,
    ].join('\n');
}

export function compose(api: Api): { refresh(): void } {
    const form = find<HTMLFormElement>('trigger');
    const type = find<HTMLSelectElement>('event-type');
    const title = find<HTMLInputElement>('title');
    const message = find<HTMLTextAreaElement>('message');
    const problem = find('trigger-error');
    const send = find<HTMLButtonElement>('send');
    const copy = find<HTMLButtonElement>('copy');
    const curl = find('curl');
    let sample = SAMPLES[type.value];

    const refresh = () => {
        curl.textContent = curlCommand(api.session?.userId ?? 'demo-…', type.value, title.value, message.value);
    };
    /** A sample follows the event type until the user writes something of their own. */
    const suggest = () => {
        if (title.value === '' || title.value === sample[0]) title.value = SAMPLES[type.value][0];
        if (message.value === '' || message.value === sample[1]) message.value = SAMPLES[type.value][1];
        sample = SAMPLES[type.value];
        refresh();
    };
    type.addEventListener('change', suggest);
    form.addEventListener('input', refresh);
    form.addEventListener('submit', async (event) => {
        event.preventDefault();
        send.disabled = true;
        problem.textContent = '';
        try {
            await api.trigger(type.value, title.value, message.value);
        } catch (error) {
            problem.textContent = `Not sent. ${(error as Error).message}`;
        } finally {
            send.disabled = false;
        }
    });
    copy.addEventListener('click', async () => {
        const done = await navigator.clipboard.writeText(curl.textContent ?? '').then(() => true, () => false);
        copy.textContent = done ? 'Copied' : 'Press Ctrl+C';
        if (!done) getSelection()?.selectAllChildren(curl);
        setTimeout(() => { copy.textContent = 'Copy'; }, 2000);
    });
    suggest();
    return { refresh };
}
