import type { ReactElement, ReactNode, Ref } from 'react';
import type { BellEvents, BellProperties, OrqestraBell as Bell } from './index.js';

export interface OrqestraBellProps extends BellProperties {
    bellRef?: Ref<Bell>;
    children?: ReactNode;
    theme?: 'light' | 'dark';
    lang?: string;
    dir?: string;
    id?: string;
    className?: string;
    style?: Record<string, string | number>;
    onNotification?: (event: BellEvents['orqestra-notification']) => void;
    onOpen?: (event: BellEvents['orqestra-open']) => void;
    onClose?: (event: BellEvents['orqestra-close']) => void;
    onItemClick?: (event: BellEvents['orqestra-click']) => void;
    onRead?: (event: BellEvents['orqestra-read']) => void;
    onCount?: (event: BellEvents['orqestra-count']) => void;
    onError?: (event: BellEvents['orqestra-error']) => void;
}

export function OrqestraBell(props: OrqestraBellProps): ReactElement;
