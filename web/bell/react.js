// react.js: <OrqestraBell>, for React 17 and later, on a server too: there it is an empty tag that wakes up in
// the browser. Properties are set on the element and events are listened to by hand, because React before 19
// knows neither of custom elements.
import { createElement, useEffect, useRef } from 'react';

const PROPERTIES = ['baseUrl', 'tenantId', 'userId', 'token', 'channels', 'getToken', 'strings', 'renderItem'];
const EVENTS = {
    onNotification: 'orqestra-notification', onOpen: 'orqestra-open', onClose: 'orqestra-close', onItemClick: 'orqestra-click',
    onRead: 'orqestra-read', onCount: 'orqestra-count', onError: 'orqestra-error',
};

export function OrqestraBell({ bellRef, className, children, ...props }) {
    const own = useRef(null);
    const latest = useRef(props);
    latest.current = props;

    useEffect(() => { void import('@orqestra/bell'); }, []);
    useEffect(() => {
        const bell = own.current;
        const stops = Object.entries(EVENTS).map(([prop, name]) => {
            const hear = (event) => latest.current[prop]?.(event);
            bell.addEventListener(name, hear);
            return () => bell.removeEventListener(name, hear);
        });
        return () => stops.forEach((stop) => stop());
    }, []);
    useEffect(() => {
        for (const name of PROPERTIES) if (own.current[name] !== props[name]) own.current[name] = props[name];
    });

    const rest = Object.fromEntries(Object.entries(props).filter(([name]) => !PROPERTIES.includes(name) && !(name in EVENTS)));
    const ref = (element) => {
        own.current = element;
        if (typeof bellRef === 'function') bellRef(element);
        else if (bellRef) bellRef.current = element;
    };
    return createElement('orqestra-bell', { ...rest, ...(className ? { class: className } : {}), ref }, children);
}
