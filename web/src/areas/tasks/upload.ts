/** Files on their way to a task. `fetch` does not tell how far it is, so this goes by XMLHttpRequest. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Problem } from '~/api/problem';
import { session } from '~/api/session';

export interface Upload {
  id: string;
  file: File;
  /** 0 to 1. */
  done: number;
  error?: Error;
  cancel: () => void;
}

function send(task: string, file: File, key: string, token: string, progress: (done: number) => void) {
  const request = new XMLHttpRequest();
  const answer = new Promise<void>((resolve, reject) => {
    request.open('POST', `/api/v1/tasks/${task}/attachments?name=${encodeURIComponent(file.name || 'picture.png')}`);
    request.setRequestHeader('authorization', `Bearer ${token}`);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.setRequestHeader('idempotency-key', key);
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    request.onload = async () => {
      if (request.status < 300) return resolve();
      const headers = { 'content-type': 'application/problem+json' };
      reject(await Problem.of(new Response(request.responseText, { status: request.status, headers })));
    };
    request.onerror = () => reject(Problem.unreachable());
    request.onabort = () => reject(new DOMException('Cancelled', 'AbortError'));
    request.send(file);
  });
  return { request, answer };
}

/** Puts files on a task, each with its progress; what failed can be tried again. */
export function useUploads(task: string) {
  const client = useQueryClient();
  const [uploads, setUploads] = useState<Upload[]>([]);
  const running = useRef(new Map<string, XMLHttpRequest>());
  const change = useCallback(
    (id: string, change: Partial<Upload>) =>
      setUploads((all) => all.map((one) => (one.id === id ? { ...one, ...change } : one))),
    [],
  );
  const drop = useCallback((id: string) => setUploads((all) => all.filter((one) => one.id !== id)), []);

  const begin = useCallback(
    async (id: string, file: File) => {
      try {
        const token = await session.token();
        const { request, answer } = send(task, file, id, token ?? '', (done) => change(id, { done }));
        running.current.set(id, request);
        await answer;
        drop(id);
        void client.invalidateQueries({ queryKey: ['tasks', 'attachments', task] });
      } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') drop(id);
        else change(id, { error: error as Error });
      } finally {
        running.current.delete(id);
      }
    },
    [task, client, change, drop],
  );

  const add = useCallback(
    (files: File[]) => {
      for (const file of files) {
        const id = crypto.randomUUID();
        const cancel = () => {
          running.current.get(id)?.abort();
          drop(id);
        };
        setUploads((all) => [...all, { id, file, done: 0, cancel }]);
        void begin(id, file);
      }
    },
    [begin, drop],
  );
  const again = (upload: Upload) => {
    change(upload.id, { error: undefined, done: 0 });
    void begin(upload.id, upload.file);
  };

  // Leaving the page while something is on its way would lose it.
  const busy = uploads.some(({ error }) => !error);
  useEffect(() => {
    if (!busy) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [busy]);
  return { uploads, add, again };
}
