/** The command palette: places, actions, tasks, projects, rules and people, by typing a few letters. */
import '@mantine/spotlight/styles.css';
import { Group, Kbd, Text, useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Spotlight } from '@mantine/spotlight';
import {
  IconBolt,
  IconChecklist,
  IconFolder,
  IconFolderPlus,
  IconKeyboard,
  IconMoonStars,
  IconPlus,
  IconSearch,
  IconUser,
  type TablerIcon,
} from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api, ask } from '~/api/client';
import { useMay, useMayEach } from '~/areas/account/queries';
import { addTask } from '~/areas/board/addTask';
import { useActivePeople } from '~/areas/people/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { ruleNamesQuery } from '~/areas/tasks/details';
import { useOpenTask } from '~/areas/tasks/TaskLink';
import { openOver, useOpenOver } from './palette';
import { paletteStore } from './paletteStore';
import { PLACES } from './places';

interface Choice {
  id: string;
  label: string;
  hint?: string;
  keys?: string;
  icon: TablerIcon;
  run: () => void;
}

const MOST = 6;

/** What the places ask of whoever goes there. */
const NEEDS = [...new Set(PLACES.flatMap(({ needs }) => needs ?? []))];

const fits = (words: string[], ...texts: (string | null | undefined)[]) => {
  const text = texts.join(' ').toLocaleLowerCase();
  return words.every((word) => text.includes(word));
};

export default function Palette() {
  const [query, setQuery] = useState('');
  const open = useOpenOver() === 'palette';
  useEffect(() => {
    if (open) paletteStore[1].open();
    else paletteStore[1].close();
  }, [open]);
  return (
    <Spotlight.Root
      store={paletteStore[0]}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      clearQueryOnClose
      scrollable
      maxHeight={440}
      onSpotlightClose={() => openOver(undefined)}
    >
      <Spotlight.Search
        placeholder="Find or do anything"
        aria-label="Find or do anything"
        leftSection={<IconSearch size={18} aria-hidden />}
      />
      <Spotlight.ActionsList>{open && <Choices query={query} />}</Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

function Choices({ query }: { query: string }) {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const groups = useGroups(query.trim(), words);
  const shown = Object.entries(groups).filter(([, choices]) => choices.length > 0);
  if (shown.length === 0) return <Spotlight.Empty>Nothing is called that.</Spotlight.Empty>;
  return shown.map(([label, choices]) => (
    <Spotlight.ActionsGroup key={label} label={label}>
      {choices.map(({ id, label, hint, keys, icon: Icon, run }) => (
        <Spotlight.Action key={id} onClick={run}>
          <Group gap="sm" wrap="nowrap" w="100%">
            <Icon size={18} stroke={1.7} aria-hidden style={{ flexShrink: 0 }} />
            <Text size="sm" truncate flex={1}>
              {label}
            </Text>
            {hint && (
              <Text size="xs" style={{ flexShrink: 0, opacity: 0.85 }}>
                {hint}
              </Text>
            )}
            {keys && (
              <Group gap={4} wrap="nowrap">
                {keys.split(' ').map((key) => (
                  <Kbd key={key} size="xs">
                    {key}
                  </Kbd>
                ))}
              </Group>
            )}
          </Group>
        </Spotlight.Action>
      ))}
    </Spotlight.ActionsGroup>
  ));
}

/** What fits the words, group by group. */
function useGroups(query: string, words: string[]): Record<string, Choice[]> {
  const navigate = useNavigate();
  const go = (to: string, search?: object) => () => void navigate({ to, search } as never);
  const may = useMayEach(NEEDS);
  const mayRules = may.has('rule.view');
  const { data: projects = [] } = useQuery(projectsQuery);
  const { data: rules = [] } = useQuery({ ...ruleNamesQuery, enabled: mayRules });
  const people = useActivePeople();
  const tasks = useTasks(query);
  const actions = useActions();
  const places = PLACES.filter(({ label, needs }) => (!needs || may.has(needs)) && fits(words, label)).map(
    ({ to, label, icon, key }): Choice => ({ id: to, label, icon, keys: key && `g ${key}`, run: go(to) }),
  );
  const some = words.length > 0;
  return {
    Tasks: tasks,
    Projects: some
      ? projects
          .filter(({ key, name }) => fits(words, key, name))
          .slice(0, MOST)
          .map(({ id, key, name }) => ({ id, label: name, hint: key, icon: IconFolder, run: go(`/projects/${key}`) }))
      : [],
    Rules: some
      ? rules
          .filter(({ name }) => fits(words, name))
          .slice(0, MOST)
          .map(({ id, name }) => ({ id, label: name, hint: 'Rule', icon: IconBolt, run: go(`/rules/${id}`) }))
      : [],
    People: some
      ? people
          .filter(({ name, email }) => fits(words, name, email))
          .slice(0, MOST)
          .map(({ id, name }) => ({
            id,
            label: name,
            hint: 'What they work on',
            icon: IconUser,
            run: go('/my-work', { person: id }),
          }))
      : [],
    Actions: actions.filter(({ label }) => fits(words, label)),
    'Go to': places,
    Search: some
      ? [
          {
            id: 'search',
            label: `Search everywhere for “${query}”`,
            icon: IconSearch,
            run: go('/search', { q: query }),
          },
        ]
      : [],
  };
}

function useTasks(query: string): Choice[] {
  const [q] = useDebouncedValue(query, 150);
  const openTask = useOpenTask();
  const { data = [] } = useQuery({
    queryKey: ['search', 'palette', q],
    queryFn: () => ask(api.GET('/api/v1/search', { params: { query: { q, type: 'task', limit: MOST } } })),
    enabled: q.length > 0,
    placeholderData: keepPreviousData,
    select: ({ items }) => items,
  });
  if (!query) return [];
  return data.map(({ id, key, title }) => ({
    id,
    label: title,
    hint: key,
    icon: IconChecklist,
    run: () => void openTask(key),
  }));
}

function useActions(): Choice[] {
  const navigate = useNavigate();
  const { colorScheme, toggleColorScheme } = useMantineColorScheme();
  const mayTask = useMay('task.create');
  const mayProject = useMay('project.create');
  const mayRule = useMay('rule.edit');
  const go = (to: string, search?: object) => () => void navigate({ to, search } as never);
  const all: (Choice & { may?: boolean })[] = [
    {
      id: 'new-task',
      label: 'New task',
      icon: IconPlus,
      may: mayTask,
      keys: 'c',
      run: () => addTask.open(),
    },
    {
      id: 'new-project',
      label: 'New project',
      icon: IconFolderPlus,
      may: mayProject,
      run: go('/projects', { new: true }),
    },
    { id: 'new-rule', label: 'New rule', icon: IconBolt, may: mayRule, run: go('/rules/new') },
    {
      id: 'colours',
      label: colorScheme === 'dark' ? 'Light colours' : 'Dark colours',
      icon: IconMoonStars,
      run: toggleColorScheme,
    },
    {
      id: 'shortcuts',
      label: 'Keyboard shortcuts',
      keys: '?',
      icon: IconKeyboard,
      run: () => setTimeout(() => openOver('shortcuts'), 50),
    },
  ];
  return all.filter(({ may = true }) => may);
}
