import { Alert, Anchor, Button, Group, Menu, Modal, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconChevronDown, IconEye, IconInfoCircle, IconPencil } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Problem } from '~/api/problem';
import type { Project, RuleState, RuleTemplate } from '~/api/schema';
import { useMay, useMe } from '~/areas/account/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { usePhone } from '~/parts/usePhone';
import { beginning, problemsAt } from './answers';
import { Parameter } from './Parameter';
import { type Answers, previewQuery, templateQuery, useApplyTemplate } from './queries';
import { serviceName } from './TemplateCard';
import classes from './templates.module.css';
import { WordsOfRule } from './WordsOfRule';

/** The template that is open: what it asks, what comes of the answers in words, and the switch. */
export function UseTemplate({ slug, close }: { slug?: string; close: () => void }) {
  const phone = usePhone();
  const template = useQuery({ ...templateQuery(slug ?? ''), enabled: slug !== undefined });
  const projects = useQuery({ ...projectsQuery, enabled: slug !== undefined });
  const ready = template.data && (projects.data || projects.isError);
  return (
    <Modal
      opened={slug !== undefined}
      onClose={close}
      size={920}
      fullScreen={phone}
      title={<b>{template.data?.name ?? 'Template'}</b>}
    >
      <ProblemAlert error={template.error} retry={() => void template.refetch()} />
      {template.isPending && <Skeleton height={320} />}
      {ready && (
        <Filling key={template.data.slug} template={template.data} projects={projects.data ?? []} close={close} />
      )}
    </Modal>
  );
}

const MADE: Partial<Record<RuleState, string>> = {
  enabled: 'is on',
  shadow: 'watches now and changes nothing',
  draft: 'is saved as a draft',
};

function Filling({ template, projects, close }: { template: RuleTemplate; projects: Project[]; close: () => void }) {
  const navigate = useNavigate();
  const { data: me } = useMe();
  const mayEdit = useMay('rule.edit');
  const [name, setName] = useState(template.name);
  const [answers, setAnswers] = useState<Answers>(() => beginning(template, projects, me?.time_zone));
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const [settled] = useDebouncedValue(answers, 300);
  const preview = useQuery({ ...previewQuery(template.slug, settled), retry: false });
  const apply = useApplyTemplate(template.slug);
  const refused = apply.error ?? (preview.isFetching ? undefined : preview.error);
  const problems = problemsAt(refused);
  // What is still empty is not complained about before somebody was there, or has tried to switch it on.
  const shown = (parameter: string) => (apply.isError || seen.has(parameter) ? problems.get(parameter) : undefined);
  const make = (state: RuleState) =>
    apply.mutate(
      { parameters: answers, name: name.trim() || undefined, state },
      {
        onSuccess: (saved) => {
          const done = `“${saved.name}” ${MADE[state]}`;
          const [warning] = saved.warnings;
          if (warning) say(warning.message, done);
          else say(done);
          void navigate({ to: '/rules' });
        },
      },
    );
  const elsewhere = apply.error && !(apply.error instanceof Problem && problems.size > 0);
  return (
    <Stack>
      <Text size="sm">{template.summary}</Text>
      {(template.setup || template.connections.length > 0) && <Before template={template} />}
      <div className={classes.sides}>
        <Stack gap="sm">
          <TextInput
            label="Name"
            value={name}
            maxLength={200}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {template.parameters.map((parameter) => (
            <Parameter
              key={parameter.name}
              parameter={parameter}
              template={template}
              answers={answers}
              error={shown(parameter.name)}
              onChange={(value) => {
                apply.reset();
                setSeen(new Set([...seen, parameter.name]));
                setAnswers({ ...answers, [parameter.name]: value });
              }}
            />
          ))}
        </Stack>
        <WordsOfRule
          rule={preview.isError ? undefined : preview.data?.rule}
          otherwise={template.summary}
          old={preview.isFetching}
          analysis={preview.isError ? undefined : preview.data?.analysis}
          problems={preview.isError ? [] : (preview.data?.problems ?? [])}
        />
      </div>
      {elsewhere && <ProblemAlert error={apply.error} />}
      {mayEdit ? (
        <Group justify="flex-end" gap="xs" className={classes.foot}>
          <Button variant="default" onClick={close}>
            Not now
          </Button>
          <Button.Group>
            <Button loading={apply.isPending} onClick={() => make('enabled')}>
              Enable
            </Button>
            <Menu position="top-end" width={250}>
              <Menu.Target>
                <Button px={8} aria-label="Other ways to save it" disabled={apply.isPending}>
                  <IconChevronDown size={16} aria-hidden />
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconEye size={16} />} onClick={() => make('shadow')}>
                  Only watch first
                  <Text size="xs" c="dimmed" component="span" display="block">
                    Records what it would do
                  </Text>
                </Menu.Item>
                <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => make('draft')}>
                  Save as a draft
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Button.Group>
        </Group>
      ) : (
        <Text size="sm" c="dimmed">
          You may look at rules, but not make them.
        </Text>
      )}
    </Stack>
  );
}

/** What has to be there before such a rule can work. */
function Before({ template }: { template: RuleTemplate }) {
  return (
    <Alert icon={<IconInfoCircle aria-hidden />} color="track" title="Before it can work" py="xs">
      <Text size="sm">
        {template.connections.length > 0 && (
          <>
            {template.connections.map(serviceName).join(' and ')} must be{' '}
            <Anchor component={Link} to={'/admin/connections' as '/'} size="sm" underline="always">
              connected
            </Anchor>
            .{' '}
          </>
        )}
        {template.setup}
      </Text>
    </Alert>
  );
}
