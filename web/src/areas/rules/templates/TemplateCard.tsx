import { Badge, Group, Text, ThemeIcon, UnstyledButton } from '@mantine/core';
import type { RuleTemplateInfo } from '~/api/schema';
import { CATEGORIES } from './categories';
import classes from './templates.module.css';

const SERVICES: Record<string, string> = { slack: 'Slack', github: 'GitHub', gitlab: 'GitLab', jira: 'Jira' };

/** The name of a service as its makers write it. */
export const serviceName = (kind: string) => SERVICES[kind] ?? kind;

/** A template in the gallery: what a rule made of it does. */
export function TemplateCard({ template, open }: { template: RuleTemplateInfo; open: () => void }) {
  const { icon: Icon } = CATEGORIES[template.category];
  return (
    <UnstyledButton className={classes.card} onClick={open}>
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <ThemeIcon variant="light" size={34} radius="md" aria-hidden>
          <Icon size={18} stroke={1.8} />
        </ThemeIcon>
        <div>
          <Text fw={600} size="sm">
            {template.name}
          </Text>
          <Text size="sm" c="dimmed" mt={2}>
            {template.summary}
          </Text>
          {template.connections.length > 0 && (
            <Group gap={4} mt={6}>
              {template.connections.map((service) => (
                <Badge key={service} variant="default" size="sm" tt="none" fw={500}>
                  needs {serviceName(service)}
                </Badge>
              ))}
            </Group>
          )}
        </div>
      </Group>
    </UnstyledButton>
  );
}
