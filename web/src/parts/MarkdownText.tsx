import { Typography } from '@mantine/core';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { usePeople } from '~/areas/people/queries';
import classes from './markdown.module.css';
import { remarkMentions } from './mentions';

const components: Components = {
  a: ({ node: _, href, children, ...props }) =>
    href?.startsWith('#mention-') ? (
      <Mention who={href.slice('#mention-'.length)} />
    ) : (
      <a {...props} href={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    ),
  img: ({ node: _, src, alt }) => (
    <a href={typeof src === 'string' ? src : undefined} target="_blank" rel="noopener noreferrer nofollow">
      {alt || 'Picture'}
    </a>
  ),
  input: ({ node: _, ...props }) => <input {...props} aria-label={props.checked ? 'Done' : 'Not done'} />,
};

function Mention({ who }: { who: string }) {
  const people = usePeople();
  const person = people.get(who) ?? [...people.values()].find(({ email }) => email === who);
  return <span className={classes.mention}>@{person?.name ?? who}</span>;
}

/** Pictures are links, so that reading a text calls on no other server. */
export default function MarkdownText({ text }: { text: string }) {
  return (
    <Typography className={classes.text} dir="auto">
      <ReactMarkdown remarkPlugins={[remarkGfm, remarkMentions]} components={components}>
        {text}
      </ReactMarkdown>
    </Typography>
  );
}
