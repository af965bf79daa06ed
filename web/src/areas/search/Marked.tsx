import { Mark } from '@mantine/core';
import { useMemo } from 'react';

/** Text with `<mark>` around what was found, as search answers it. Nothing else in it is taken for HTML. */
export function Marked({ html }: { html: string }) {
  const parts = useMemo(() => {
    const { body } = new DOMParser().parseFromString(html, 'text/html');
    return [...body.childNodes].map((node) => ({ text: node.textContent ?? '', marked: node.nodeName === 'MARK' }));
  }, [html]);
  let at = 0;
  return parts.map(({ text, marked }) => {
    const key = at;
    at += text.length + 1;
    return marked ? (
      <Mark key={key} color="yellow">
        {text}
      </Mark>
    ) : (
      <span key={key}>{text}</span>
    );
  });
}
