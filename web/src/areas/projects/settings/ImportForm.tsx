import { Alert, Button, FileInput, Group, List, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Problem } from '~/api/problem';
import type { Format, ImportBody, Project, Report } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { useImport } from './queries';
import { Section } from './Section';

export const FORMATS: Record<Format, string> = {
  csv: 'Table (CSV)',
  trackside: 'Project of Trackside (JSON)',
  jira: 'Issues of Jira (JSON or CSV)',
  github: 'Issues of GitHub (JSON)',
};

/** Looks at a file before anything is made of it: what would come in, and what is wrong with it. */
export function ImportForm({ project }: { project: Project }) {
  const [file, setFile] = useState<File | null>(null);
  const [format, setFormat] = useState<Format>('csv');
  const bring = useImport(project.key);
  const report = bring.data;
  const send = async (dry_run: boolean) => {
    if (!file) return;
    const data = await file.text();
    bring.mutate(
      { format, data: data as ImportBody['data'], dry_run },
      { onSuccess: ({ tasks, dry_run }) => !dry_run && say(`${counted(tasks, 'task')} came in.`) },
    );
  };
  const choose = (chosen: File | null) => {
    setFile(chosen);
    bring.reset();
    if (chosen?.name.toLowerCase().endsWith('.json') && format === 'csv') setFormat('trackside');
  };
  const refused = bring.error instanceof Problem && bring.error.errors.length > 0 ? bring.error : undefined;
  return (
    <Section title="Import" lead="Brings tasks into this project. All of a file comes in, or nothing.">
      <Stack gap="sm">
        <Group gap="xs" align="flex-end">
          <FileInput
            label="File"
            placeholder="Choose a file"
            w={260}
            clearable
            accept=".csv,.json,.txt,.tsv"
            value={file}
            onChange={choose}
          />
          <Select
            label="What it is"
            w={260}
            allowDeselect={false}
            data={Object.entries(FORMATS).map(([value, label]) => ({ value, label }))}
            value={format}
            onChange={(value) => {
              if (value) setFormat(value as Format);
              bring.reset();
            }}
          />
        </Group>
        <Group gap="xs">
          <Button variant="default" disabled={!file} loading={bring.isPending} onClick={() => void send(true)}>
            Check the file
          </Button>
          <Button
            disabled={!report?.dry_run || report.problems.length > 0}
            loading={bring.isPending}
            onClick={() => void send(false)}
          >
            Import
          </Button>
        </Group>
        {report && <Outcome report={report} />}
        {refused ? (
          <Alert color="red" role="alert" title="Nothing was imported">
            <List size="sm">
              {refused.errors.map(({ pointer, message }) => (
                <List.Item key={pointer + message}>{message}</List.Item>
              ))}
            </List>
          </Alert>
        ) : (
          <ProblemAlert error={bring.error} />
        )}
      </Stack>
    </Section>
  );
}

export const counted = (count: number, thing: string) => `${count} ${thing}${count === 1 ? '' : 's'}`;

export function Outcome({ report }: { report: Report }) {
  const parts = [
    counted(report.tasks, 'task'),
    report.comments > 0 && counted(report.comments, 'comment'),
    report.sprints > 0 && counted(report.sprints, 'sprint'),
    report.milestones > 0 && counted(report.milestones, 'milestone'),
    report.links > 0 && counted(report.links, 'link'),
    report.dependencies > 0 && `${report.dependencies} that wait for another`,
  ].filter(Boolean);
  const bad = report.problems.length > 0;
  return (
    <Alert
      color={bad ? 'red' : report.dry_run ? 'track' : 'green'}
      role="status"
      title={bad ? 'The file cannot be imported' : report.dry_run ? 'The file can be imported' : 'Imported'}
    >
      <Stack gap="xs">
        {!bad && (
          <Text size="sm">
            {report.dry_run ? 'It would bring ' : 'It brought '}
            {parts.join(', ')}.
          </Text>
        )}
        {bad && (
          <List size="sm">
            {report.problems.map(({ line, field, message }) => (
              <List.Item key={`${line} ${field} ${message}`}>
                {line != null && `Line ${line}: `}
                {field && `${field}: `}
                {message}
              </List.Item>
            ))}
          </List>
        )}
        {report.notes.length > 0 && (
          <List size="sm">
            {report.notes.map((note) => (
              <List.Item key={note}>{note}</List.Item>
            ))}
          </List>
        )}
      </Stack>
    </Alert>
  );
}
