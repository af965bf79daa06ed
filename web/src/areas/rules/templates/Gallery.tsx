import { Anchor, Chip, Group, SimpleGrid, Skeleton, Text, TextInput, Title } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { RuleTemplateCategory, RuleTemplateInfo } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { Empty } from '~/parts/Empty';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import type { TemplatesSearch } from '../routes';
import { CATEGORIES } from './categories';
import { templatesQuery } from './queries';
import { TemplateCard } from './TemplateCard';
import { UseTemplate } from './UseTemplate';

const KINDS = Object.keys(CATEGORIES) as RuleTemplateCategory[];

/** Every template of rules: find one, say for whom, and it is on. */
export function Gallery() {
  const search = useSearch({ strict: false }) as TemplatesSearch;
  const navigate = useNavigate();
  const mayEdit = useMay('rule.edit');
  const templates = useQuery(templatesQuery);
  const go = (change: Partial<TemplatesSearch>, replace = true) =>
    void navigate({ to: '/rules/templates', search: { ...search, ...change }, replace });
  const found = templates.data?.filter((template) => fits(template, search));
  return (
    <Page
      title="Templates"
      tab="Templates of rules"
      above={[{ to: '/rules', label: 'Rules' }]}
      lead={
        mayEdit
          ? 'What most teams want of a rule is here already. Open one, say for which project and whom, and switch it on.'
          : 'What most teams want of a rule. You may look at them; to make rules, ask an administrator for the right to.'
      }
    >
      <Group gap="sm" role="search">
        <TextInput
          aria-label="Find a template"
          placeholder="What should happen by itself?"
          leftSection={<IconSearch size={16} aria-hidden />}
          defaultValue={search.q ?? ''}
          onChange={(event) => go({ q: event.currentTarget.value || undefined })}
          w={{ base: '100%', sm: 320 }}
        />
        <Chip.Group
          value={search.category ?? 'all'}
          onChange={(value) => go({ category: value === 'all' ? undefined : (value as RuleTemplateCategory) })}
        >
          <Group gap={6}>
            <Chip value="all" size="sm" variant="light">
              All
            </Chip>
            {KINDS.map((kind) => (
              <Chip key={kind} value={kind} size="sm" variant="light">
                {CATEGORIES[kind].label}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      </Group>
      <ProblemAlert error={templates.error} retry={() => void templates.refetch()} />
      <output className="sr-only">{found ? `${found.length} templates` : ''}</output>
      {templates.isPending && (
        <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} aria-busy="true" aria-label="Templates are being loaded">
          {KINDS.map((kind) => (
            <Skeleton key={kind} height={132} radius="md" />
          ))}
        </SimpleGrid>
      )}
      {found?.length === 0 && (
        <Empty icon={IconSearch} title="No template fits">
          <Text size="sm" c="dimmed">
            Try fewer words, or{' '}
            <Anchor component={Link} to={'/rules/new' as '/'} size="sm" underline="always">
              build the rule yourself
            </Anchor>
            .
          </Text>
        </Empty>
      )}
      {KINDS.map((kind) => {
        const those = found?.filter(({ category }) => category === kind) ?? [];
        if (those.length === 0) return null;
        return (
          <section key={kind} aria-label={CATEGORIES[kind].label}>
            <Title order={2} size="h5" mb="xs">
              {CATEGORIES[kind].label}
            </Title>
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm" verticalSpacing="sm">
              {those.map((template) => (
                <TemplateCard key={template.slug} template={template} open={() => go({ use: template.slug }, false)} />
              ))}
            </SimpleGrid>
          </section>
        );
      })}
      <UseTemplate slug={search.use} close={() => go({ use: undefined })} />
    </Page>
  );
}

function fits({ name, summary, slug, category }: RuleTemplateInfo, { q, category: wanted }: TemplatesSearch) {
  if (wanted && wanted !== category) return false;
  const text = `${name} ${summary} ${slug} ${CATEGORIES[category].label}`.toLowerCase();
  return (q?.toLowerCase().split(/\s+/) ?? []).every((word) => text.includes(word));
}
