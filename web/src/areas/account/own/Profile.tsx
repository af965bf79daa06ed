import { Button, Group, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import { Problem } from '~/api/problem';
import type { Me, ProfilePatch } from '~/api/schema';
import { meQuery, useMay, useMe } from '~/areas/account/queries';
import { Loaded } from '~/parts/Loaded';
import { Panel } from '~/parts/Panel';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { ChangeAddress } from './ChangeAddress';
import { Hours } from './Hours';
import { OwnPage } from './OwnPage';

const ZONES = Intl.supportedValuesOf('timeZone');
const TAGS =
  'ar bg cs da de de-AT de-CH el en en-GB en-US es et fi fr he hi hr hu id it ja ko lt lv nb nl pl pt pt-BR ro ru sk sl sv th tr uk vi zh-CN zh-TW';

function languages() {
  const names = new Intl.DisplayNames(undefined, { type: 'language' });
  return TAGS.split(' ').map((value) => ({ value, label: names.of(value) ?? value }));
}

/** Who one is to others, and how times and dates are meant. */
export function Profile() {
  const me = useMe();
  return (
    <OwnPage title="Profile" lead="What others see of you, and how times and dates are meant.">
      <Loaded query={me} height={320}>
        {(data) => (
          <>
            <About me={data} />
            <ChangeAddress me={data} />
          </>
        )}
      </Loaded>
    </OwnPage>
  );
}

function About({ me }: { me: Me }) {
  const client = useQueryClient();
  const mayEdit = useMay('profile.edit');
  const form = useForm({
    initialValues: {
      name: me.user.name,
      time_zone: me.time_zone ?? null,
      locale: me.locale ?? null,
      working_hours: me.working_hours ?? null,
      skills: me.skills,
    },
  });
  const save = useMutation({
    mutationFn: (body: ProfilePatch) => ask(api.PATCH('/api/v1/me', { body })),
    meta: { quiet: true },
    onError: (error) => {
      if (error instanceof Problem) form.setErrors(error.byField());
    },
    onSuccess: (answer) => {
      client.setQueryData(meQuery.queryKey, answer);
      form.resetDirty();
      say('Your profile is saved.');
    },
  });
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Panel title="About you">
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <TextInput label="Name" required maxLength={200} disabled={!mayEdit} {...form.getInputProps('name')} />
          <Group grow preventGrowOverflow={false} align="flex-start">
            <Select
              label="Time zone"
              description="Reminders, quiet hours and dates go by its clock."
              placeholder={`As this device: ${here}`}
              searchable
              clearable
              clearButtonProps={{ 'aria-label': 'Forget the time zone' }}
              limit={100}
              miw={200}
              disabled={!mayEdit}
              data={ZONES.includes(form.values.time_zone ?? 'UTC') ? ZONES : [...ZONES, form.values.time_zone ?? 'UTC']}
              {...form.getInputProps('time_zone')}
            />
            <Select
              label="Language"
              description="Of dates, numbers and letters to you."
              placeholder="As this device"
              searchable
              clearable
              clearButtonProps={{ 'aria-label': 'Forget the language' }}
              miw={200}
              disabled={!mayEdit}
              data={withOwn(languages(), form.values.locale)}
              {...form.getInputProps('locale')}
            />
          </Group>
          <TagsInput
            label="Skills"
            description="Rules can give tasks to whoever has the skill. Enter adds one."
            placeholder={form.values.skills.length ? undefined : 'design, translation'}
            maxTags={100}
            disabled={!mayEdit}
            {...form.getInputProps('skills')}
          />
          <Hours
            value={form.values.working_hours}
            onChange={(value) => form.setFieldValue('working_hours', value)}
            disabled={!mayEdit}
          />
          <ProblemAlert error={save.error instanceof Problem && save.error.errors.length ? null : save.error} />
          {mayEdit && (
            <Group justify="flex-end">
              <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
                Save
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </Panel>
  );
}

const withOwn = (known: { value: string; label: string }[], own: string | null) =>
  !own || known.some(({ value }) => value === own) ? known : [...known, { value: own, label: own }];
