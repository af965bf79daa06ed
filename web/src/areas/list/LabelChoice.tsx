import { TagsInput } from '@mantine/core';

/** Labels that stand in the place of those that tasks have. */
export function LabelChoice({
  known,
  value,
  set,
}: {
  known: string[];
  value: string[] | undefined;
  set: (labels: string[]) => void;
}) {
  return (
    <TagsInput
      label="New labels"
      description="They take the place of those that the tasks have. Leave it empty to take all off."
      data={known}
      value={value ?? []}
      onChange={set}
      maxTags={50}
    />
  );
}
