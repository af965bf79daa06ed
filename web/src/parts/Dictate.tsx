import { ActionIcon, Tooltip } from '@mantine/core';
import { IconMicrophone, IconPlayerStopFilled } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { complain } from './toast';

interface Recognition extends EventTarget {
  lang: string;
  interimResults: boolean;
  continuous: boolean;
  start(): void;
  stop(): void;
  onresult: ((event: { resultIndex: number; results: ArrayLike<ArrayLike<{ transcript: string }>> }) => void) | null;
  onend: (() => void) | null;
  onerror: ((event: { error: string }) => void) | null;
}

declare global {
  interface Window {
    SpeechRecognition?: new () => Recognition;
    webkitSpeechRecognition?: new () => Recognition;
  }
}

const WHY: Record<string, string> = {
  'not-allowed': 'Allow this page to use the microphone in the settings of your browser.',
  'service-not-allowed': 'Your browser does not allow speech to be recognised here.',
  network: 'Your browser needs a connection to recognise speech.',
  'audio-capture': 'No microphone was found.',
};

/** A button that writes what one says; not there where the browser cannot. */
export function Dictate({ onText, label = 'Dictate' }: { onText: (text: string) => void; label?: string }) {
  const [running, setRunning] = useState(false);
  const recognition = useRef<Recognition>(undefined);
  const newest = useRef(onText);
  newest.current = onText;
  useEffect(() => () => recognition.current?.stop(), []);

  const Kind = window.SpeechRecognition ?? window.webkitSpeechRecognition;
  if (!Kind) return null;

  const begin = () => {
    const ear = new Kind();
    ear.lang = document.documentElement.lang || navigator.language;
    ear.continuous = true;
    ear.interimResults = false;
    ear.onresult = ({ resultIndex, results }) => {
      for (let at = resultIndex; at < results.length; at++) newest.current(results[at]?.[0]?.transcript.trim() ?? '');
    };
    ear.onend = () => setRunning(false);
    ear.onerror = ({ error }) => {
      if (error in WHY) complain(WHY[error], 'Nothing could be dictated');
    };
    recognition.current = ear;
    ear.start();
    setRunning(true);
  };

  return (
    <Tooltip label={running ? 'Stop dictating' : label}>
      <ActionIcon
        variant={running ? 'filled' : 'subtle'}
        color={running ? 'red.8' : 'gray'}
        aria-label={running ? 'Stop dictating' : label}
        aria-pressed={running}
        onClick={() => (running ? recognition.current?.stop() : begin())}
      >
        {running ? <IconPlayerStopFilled size={16} /> : <IconMicrophone size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}
