/**
 * One WebSocket for the whole page (docs/sockets.md): many topics, each of which goes on where it stopped when the
 * connection is lost, so that nothing is missed and nothing comes twice. The first message says who one is.
 */
import type { Event } from '~/api/schema';

export interface Signal {
  topic: string;
  kind: string;
  from: string;
  data: unknown;
}

export interface Listener {
  onEvent?: (event: Event) => void;
  /**
   * One hears of the topic from here on. What was read before may be older, unless it `resumed`: then all that was missed
   * is told now.
   */
  onBegin?: (resumed: boolean) => void;
  onSignal?: (signal: Signal) => void;
  onUnread?: (unread: number) => void;
}

export type LinkState = 'connecting' | 'live' | 'lost';

/** What the server says (docs/sockets.md). */
type Word =
  | { type: 'ready' | 'pong' }
  | { type: 'subscribed'; topic: string; position: number }
  | { type: 'event'; topic: string; position: number; event: Event }
  | ({ type: 'signal' } & Signal)
  | { type: 'notifications'; unread: number }
  | { type: 'reload' | 'unsubscribed'; topic: string }
  | { type: 'error'; code: string; detail: string };

interface Subscription {
  listeners: Set<Listener>;
  /** What the server calls the topic, once it has said so. */
  name?: string;
  position?: number;
}

const SILENCE = 45_000;

export class LiveSocket {
  private readonly topics = new Map<string, Subscription>();
  /** Topics that wait for their `subscribed`, in the order in which they were asked for. */
  private asked: string[] = [];
  private socket?: WebSocket;
  private tries = 0;
  private ended = true;
  private retry?: ReturnType<typeof setTimeout>;
  private watch?: ReturnType<typeof setTimeout>;
  private readonly watchers = new Set<(state: LinkState) => void>();
  state: LinkState = 'connecting';

  constructor(
    private readonly url: string,
    private readonly token: () => Promise<string | undefined>,
  ) {}

  start() {
    if (!this.ended) return;
    this.ended = false;
    window.addEventListener('online', this.hurry);
    void this.open();
  }

  stop() {
    this.ended = true;
    window.removeEventListener('online', this.hurry);
    clearTimeout(this.retry);
    clearTimeout(this.watch);
    this.socket?.close();
    this.topics.clear();
  }

  /**
   * Listens to a topic, such as `project:WEB`, until the answer is called: to what happens from now on, or behind the
   * position `after` of the log.
   */
  subscribe(topic: string, listener: Listener, after?: number): () => void {
    let subscription = this.topics.get(topic);
    if (!subscription) {
      subscription = { listeners: new Set(), position: after };
      this.topics.set(topic, subscription);
      if (this.state === 'live') this.ask(topic);
    }
    subscription.listeners.add(listener);
    return () => {
      subscription.listeners.delete(listener);
      if (subscription.listeners.size > 0 || this.topics.get(topic) !== subscription) return;
      this.topics.delete(topic);
      if (this.state === 'live') this.say({ type: 'unsubscribe', topic });
    };
  }

  /** Tells the others on a topic something that is not kept. */
  signal(topic: string, kind: 'typing' | 'cursor' | 'presence', data: unknown) {
    if (this.state === 'live') this.say({ type: 'signal', topic, kind, data });
  }

  onState(watcher: (state: LinkState) => void) {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  private become(state: LinkState) {
    if (this.state === state) return;
    this.state = state;
    for (const watcher of this.watchers) watcher(state);
  }

  private say(message: object) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private ask(topic: string) {
    const after = this.topics.get(topic)?.position;
    this.asked.push(topic);
    this.say({ type: 'subscribe', topic, ...(after === undefined ? {} : { after }) });
  }

  private hurry = () => {
    if (this.state === 'lost') {
      clearTimeout(this.retry);
      void this.open();
    }
  };

  /** The server pings, but a browser does not show that; a word of ours finds out whether the line is dead. */
  private heard() {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => {
      this.say({ type: 'ping' });
      this.watch = setTimeout(() => this.socket?.close(), 10_000);
    }, SILENCE);
  }

  private async open() {
    let token: string | undefined;
    try {
      token = await this.token();
    } catch {
      return this.again();
    }
    if (this.ended || !token) return;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => this.say({ type: 'hello', token });
    socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    socket.onclose = () => {
      if (this.socket === socket) this.again();
    };
  }

  private again() {
    clearTimeout(this.watch);
    if (this.ended) return;
    this.become('lost');
    const wait = Math.min(20_000, 300 * 2 ** this.tries++) * (0.5 + Math.random() / 2);
    this.retry = setTimeout(() => void this.open(), wait);
  }

  private of(name: string): Subscription[] {
    return [...this.topics].filter(([topic, { name: full }]) => (full ?? topic) === name).map(([, one]) => one);
  }

  private hear(message: Word) {
    this.heard();
    switch (message.type) {
      case 'ready':
        this.tries = 0;
        this.asked = [];
        this.become('live');
        for (const topic of this.topics.keys()) this.ask(topic);
        break;
      case 'subscribed': {
        const topic = this.asked.shift();
        const subscription = topic === undefined ? undefined : this.topics.get(topic);
        if (subscription) {
          const resumed = subscription.position !== undefined;
          subscription.name = message.topic;
          subscription.position = message.position;
          for (const { onBegin } of subscription.listeners) onBegin?.(resumed);
        }
        break;
      }
      case 'event':
        for (const subscription of this.of(message.topic)) {
          subscription.position = message.position;
          for (const { onEvent } of subscription.listeners) onEvent?.(message.event);
        }
        break;
      case 'signal':
        for (const { listeners } of this.of(message.topic)) for (const { onSignal } of listeners) onSignal?.(message);
        break;
      case 'notifications':
        for (const { listeners } of this.topics.values())
          for (const { onUnread } of listeners) onUnread?.(message.unread);
        break;
      case 'reload':
        // Too much was missed to be told one by one, so it begins anew.
        for (const [topic, subscription] of this.topics) {
          if ((subscription.name ?? topic) !== message.topic) continue;
          // It is also how a subscription is answered that asked for more than can be told.
          if (this.asked[0] === topic) this.asked.shift();
          subscription.position = undefined;
          this.ask(topic);
        }
        break;
      case 'error':
        // What is asked for is answered in order, so a refusal is the oldest question's.
        if (/not_found$|^denied$|^too_many_topics$/.test(message.code)) this.asked.shift();
        break;
    }
  }
}
