/** Where a rule begins: with what starts it, with nothing, or with a template. */
import {
  Button,
  Card,
  Group,
  ScrollArea,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Title,
  UnstyledButton,
} from '@mantine/core';
import { IconLayoutGrid, IconPencil, IconPlus, IconSearch } from '@tabler/icons-react';
import { Link, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { Rule } from '~/api/schema';
import { useMay, useMe } from '~/areas/account/queries';
import { dropDraft, readDraft } from '../model/draft';
import type { NewRuleSearch } from '../routes';
import { useStarts } from '../words/starts';
import { Loading } from './EditRule';
import { Workshop } from './Workshop';

export function NewRule() {
  const { data: me } = useMe();
  const search = useSearch({ strict: false }) as NewRuleSearch;
  const may = useMay('rule.edit');
  const [blank, setBlank] = useState<Rule | undefined>(() =>
    search.on ? begun(search.on, search.project) : undefined,
  );
  useEffect(() => {
    document.title = 'New rule · Trackside';
  }, []);
  if (!me) return <Loading />;
  if (blank) return <Workshop blank={blank} person={me.user.id} />;
  return <Choose person={me.user.id} may={may} onChoose={(on) => setBlank(begun(on, search.project))} />;
}

const begun = (on: string, project?: string): Rule => ({
  name: '',
  ...(project ? { scope: { projects: [project] } } : {}),
  trigger:
    on === 'schedule'
      ? { on, cron: '0 9 * * MON-FRI' }
      : on === 'date'
        ? { on, field: 'due_at', before: '1d' }
        : { on },
  steps: [],
});

function Choose({ person, may, onChoose }: { person: string; may: boolean; onChoose(on: string): void }) {
  const [draft, setDraft] = useState(() => readDraft(person, 'new'));
  const [query, setQuery] = useState('');
  const starts = useStarts(query);
  const discard = () => {
    dropDraft(person, 'new');
    setDraft(undefined);
  };
  return (
    <Stack gap="lg" maw={920} mx="auto" w="100%">
      <div>
        <Title order={1} size="h2">
          New rule
        </Title>
        <Text c="dimmed">
          A rule does work by itself: when something happens, and perhaps only if something holds, it takes steps.
        </Text>
      </div>
      {!may && (
        <Text>You may look at rules here, not make them. Ask an administrator for the permission to edit rules.</Text>
      )}
      {may && draft && (
        <Card withBorder bg="var(--app-card)">
          <Group justify="space-between">
            <div>
              <Text fw={600}>{draft.rule.name || 'A rule without a name yet'}</Text>
              <Text size="sm" c="dimmed">
                You began it on {new Date(draft.at).toLocaleString()} and did not save it.
              </Text>
            </div>
            <Group gap="xs">
              <Button variant="subtle" color="red" onClick={discard}>
                Discard
              </Button>
              <Button onClick={() => onChoose(draft.rule.trigger.on)}>Go on with it</Button>
            </Group>
          </Group>
        </Card>
      )}
      {may && (
        <>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <Card withBorder bg="var(--app-card)" component={Link} to={'/rules/templates' as '/'} c="inherit">
              <Group wrap="nowrap">
                <IconLayoutGrid size={26} aria-hidden />
                <div>
                  <Text fw={600}>From a template</Text>
                  <Text size="sm" c="dimmed">
                    Over thirty rules that most teams want, ready to be filled in.
                  </Text>
                </div>
              </Group>
            </Card>
            <Card
              withBorder
              bg="var(--app-card)"
              component="button"
              type="button"
              style={{ textAlign: 'start', cursor: 'pointer', font: 'inherit', color: 'inherit' }}
              onClick={() => {
                discard();
                onChoose('');
              }}
            >
              <Group wrap="nowrap">
                <IconPencil size={26} aria-hidden />
                <div>
                  <Text fw={600}>From blank</Text>
                  <Text size="sm" c="dimmed">
                    An empty canvas, for when you know what you want.
                  </Text>
                </div>
              </Group>
            </Card>
          </SimpleGrid>
          <section aria-labelledby="starts">
            <Title order={2} size="h4" id="starts" mb={4}>
              When shall it start?
            </Title>
            <TextInput
              aria-label="Search what can start a rule"
              placeholder="a task is overdue, somebody comments, every Monday …"
              leftSection={<IconSearch size={16} aria-hidden />}
              value={query}
              onChange={(event) => setQuery(event.currentTarget.value)}
              mb="sm"
            />
            <ScrollArea.Autosize mah={440} type="auto">
              {starts.map(({ group, items }) => (
                <Stack key={group} gap={4} mb="md">
                  <Text size="xs" fw={700} c="dimmed">
                    {group}
                  </Text>
                  <SimpleGrid cols={{ base: 1, sm: 2 }} spacing={6} verticalSpacing={6}>
                    {items.map(({ on, label, about }) => (
                      <UnstyledButton
                        key={on}
                        onClick={() => {
                          discard();
                          onChoose(on);
                        }}
                        p="xs"
                        bg="var(--app-card)"
                        style={{ border: '1px solid var(--app-line)', borderRadius: 10 }}
                      >
                        <Group gap="xs" wrap="nowrap" align="flex-start">
                          <IconPlus size={16} aria-hidden style={{ flex: 'none', marginTop: 3 }} />
                          <div>
                            <Text size="sm" fw={600}>
                              {label}
                            </Text>
                            <Text size="xs" c="dimmed">
                              {about}
                            </Text>
                          </div>
                        </Group>
                      </UnstyledButton>
                    ))}
                  </SimpleGrid>
                </Stack>
              ))}
              {starts.length === 0 && <Text c="dimmed">Nothing like that starts a rule. Try another word.</Text>}
            </ScrollArea.Autosize>
          </section>
        </>
      )}
    </Stack>
  );
}
