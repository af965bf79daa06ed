/** Makes a project of a file: an export of Trackside, a table, or issues from elsewhere. */
import { Alert, Button, FileInput, Group, List, Modal, Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, ask, raw } from '~/api/client';
import { Problem } from '~/api/problem';
import type { Format, NewImportBody, Report } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { suggestKey } from './key';
import { counted, FORMATS, Outcome } from './settings/ImportForm';

interface Asked {
  file: File;
  format: Format;
  name: string;
  key: string;
  dry_run: boolean;
}

/** An archive goes up as it is, since it may hold a gigabyte of files; all else is text in the body. */
async function send({ file, format, name, key, dry_run }: Asked): Promise<Report> {
  const create = { name: name.trim() || undefined, key: key.trim() || undefined };
  if (!file.name.toLowerCase().endsWith('.zip')) {
    const data = (await file.text()) as NewImportBody['data'];
    return ask(api.POST('/api/v1/imports', { body: { format, data, create, dry_run } }));
  }
  const query = new URLSearchParams({ dry_run: String(dry_run) });
  for (const [field, value] of Object.entries(create)) if (value) query.set(field, value);
  const headers = { 'content-type': 'application/zip' };
  return (await raw(`/api/v1/imports?${query}`, { method: 'POST', headers, body: file })).json();
}

export function ImportProject({ close }: { close: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [file, setFile] = useState<File | null>(null);
  const [format, setFormat] = useState<Format>('trackside');
  const [name, setName] = useState('');
  const [key, setKey] = useState('');
  const bring = useMutation({
    mutationFn: send,
    meta: { quiet: true },
    onSuccess: ({ dry_run, tasks, project_key }) => {
      if (dry_run) return;
      say(`${counted(tasks, 'task')} came in.`, 'The project is here');
      void client.invalidateQueries({ queryKey: ['projects'] });
      close();
      void navigate({ to: '/projects/$key', params: { key: project_key } });
    },
  });
  const archive = file?.name.toLowerCase().endsWith('.zip') ?? false;
  const whole = archive || format === 'trackside';
  const report = bring.data;
  const refused = bring.error instanceof Problem && bring.error.errors.length > 0 ? bring.error : undefined;
  const choose = (chosen: File | null) => {
    setFile(chosen);
    bring.reset();
    if (!chosen) return;
    setFormat(/\.(csv|tsv|txt)$/i.test(chosen.name) ? 'csv' : 'trackside');
  };
  /** What was looked at is no longer what would come in. */
  const changed = (set: () => void) => {
    set();
    bring.reset();
  };
  const go = (dry_run: boolean) => file && bring.mutate({ file, format, name, key, dry_run });
  const named = whole || (name.trim() !== '' && key.trim() !== '');
  return (
    <Modal opened onClose={close} size="lg" title="Import a project">
      <Stack>
        <Group grow align="flex-start" preventGrowOverflow={false}>
          <FileInput
            label="File"
            placeholder="Choose a file"
            clearable
            accept=".json,.zip,.csv,.tsv,.txt"
            value={file}
            onChange={choose}
          />
          {!archive && (
            <Select
              label="What it is"
              allowDeselect={false}
              data={Object.entries(FORMATS).map(([value, label]) => ({ value, label }))}
              value={format}
              onChange={(value) => value && changed(() => setFormat(value as Format))}
            />
          )}
        </Group>
        <SimpleGrid cols={2}>
          <TextInput
            label="Name of the project"
            required={!whole}
            placeholder={whole ? 'As in the file' : undefined}
            value={name}
            onChange={({ currentTarget: { value } }) =>
              changed(() => {
                if (key === suggestKey(name)) setKey(suggestKey(value));
                setName(value);
              })
            }
          />
          <TextInput
            label="Key"
            required={!whole}
            maxLength={10}
            placeholder={whole ? 'As in the file' : undefined}
            value={key}
            onChange={({ currentTarget: { value } }) => changed(() => setKey(value.toUpperCase()))}
          />
        </SimpleGrid>
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
        <Group justify="flex-end" gap="xs">
          <Button variant="default" disabled={!file || !named} loading={bring.isPending} onClick={() => go(true)}>
            Check the file
          </Button>
          <Button
            disabled={!report?.dry_run || report.problems.length > 0}
            loading={bring.isPending}
            onClick={() => go(false)}
          >
            Import
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
