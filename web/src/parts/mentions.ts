/** `@address` and `@user_…` in Markdown become links to `#mention-…`, but not in code. */
interface Node {
  type: string;
  value?: string;
  url?: string;
  children?: Node[];
}

const BY_ID = /@(user_[0-7][0-9a-hjkmnp-tv-z]{25})/;

const mention = (who: string): Node => ({
  type: 'link',
  url: `#mention-${who}`,
  children: [{ type: 'text', value: `@${who}` }],
});

function byId(text: string): Node[] {
  return text.split(BY_ID).flatMap((part, at) => {
    if (at % 2 === 1) return [mention(part)];
    return part ? [{ type: 'text', value: part }] : [];
  });
}

function walk(parent: Node) {
  const children: Node[] = [];
  for (const node of parent.children ?? []) {
    const last = children.at(-1);
    if (node.url?.startsWith('mailto:') && last?.type === 'text' && last.value?.endsWith('@')) {
      last.value = last.value.slice(0, -1);
      children.push(mention(node.url.slice('mailto:'.length)));
    } else if (node.type === 'text') {
      children.push(...byId(node.value ?? ''));
    } else {
      walk(node);
      children.push(node);
    }
  }
  if (parent.children) parent.children = children;
}

export const remarkMentions = () => (tree: Node) => walk(tree);
