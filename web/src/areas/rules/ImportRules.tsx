import { Button, FileButton } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { say } from '~/parts/toast';
import { readFromFile } from './queries';

/** Makes drafts of files that were saved before, here or elsewhere. */
export function ImportRules() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const read = useMutation({
    mutationFn: async (files: File[]) => {
      const saved = [];
      for (const file of files) saved.push(await readFromFile(file));
      return saved;
    },
    onSuccess: (saved) => {
      const [only, more] = saved;
      say(
        'Look at what it does, then switch it on.',
        more ? `${saved.length} rules are here as drafts` : `“${only?.name}” is here as a draft`,
      );
      if (only && !more) void navigate({ to: `/rules/${only.id}` as '/' });
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ['rules'] }),
  });
  return (
    <FileButton multiple accept=".yaml,.yml,.json" onChange={(files) => files.length > 0 && read.mutate(files)}>
      {(props) => (
        <Button
          {...props}
          visibleFrom="sm"
          variant="default"
          loading={read.isPending}
          leftSection={<IconUpload size={16} />}
        >
          From a file
        </Button>
      )}
    </FileButton>
  );
}
