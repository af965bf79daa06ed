/** A Trackside of its own on a free port, in a folder that is thrown away. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PROGRAM = process.env.TRACKSIDE_BIN ?? resolve('../target/debug/trackside');

export interface Running {
  url: string;
  /** Ends the server as a crash would, or as somebody who stops it. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data. */
  again(): Promise<void>;
  end(): Promise<void>;
}

export async function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer().once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => done(port));
    });
  });
}

async function until(url: string, child: ChildProcess) {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`${PROGRAM} ended with ${child.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((wait) => setTimeout(wait, 100));
  }
  throw new Error(`${url} does not answer`);
}

export async function start(flags: string[] = []): Promise<Running> {
  const data = await mkdtemp(join(tmpdir(), 'trackside-web-'));
  const port = await freePort();
  const direct = `http://127.0.0.1:${port}`;
  const launch = async () => {
    const child = spawn(PROGRAM, ['serve', '--listen', `127.0.0.1:${port}`, '--data', data, ...flags], {
      stdio: ['ignore', 'ignore', process.env.TRACKSIDE_LOG ? 'inherit' : 'ignore'],
    });
    await until(`${direct}/healthz`, child);
    return child;
  };
  let child = await launch();
  let url = direct;
  let preview: ChildProcess | undefined;
  // The app as it lies in `dist`, before a server that was built with another one.
  if (process.env.WEB_PREVIEW) {
    const front = await freePort();
    preview = spawn('npx', ['vite', 'preview', '--host', '127.0.0.1', '--port', String(front), '--strictPort'], {
      env: { ...process.env, TRACKSIDE_URL: direct },
      stdio: 'ignore',
      detached: true,
    });
    url = `http://127.0.0.1:${front}`;
    await until(url, preview);
  }
  const kill = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await gone;
  };
  return {
    url,
    kill,
    again: async () => {
      child = await launch();
    },
    end: async () => {
      if (preview?.pid) process.kill(-preview.pid);
      await kill('SIGKILL');
      await rm(data, { recursive: true, force: true });
    },
  };
}
