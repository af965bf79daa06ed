import { Button, Stack } from '@mantine/core';
import { IconRocket } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMay, useMe } from '~/areas/account/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { Empty } from '~/parts/Empty';
import { Page } from '~/parts/Page';
import { Approvals, Lately, SomeProjects } from './Aside';
import classes from './home.module.css';
import { MyTasks } from './MyTasks';

/** Where one begins: what there is to do, to decide and to know. */
export function Home() {
  const { data: me } = useMe();
  const projects = useQuery(projectsQuery);
  const mayCreate = useMay('project.create');
  return (
    <Page title={me ? `Hello, ${me.user.name.split(' ')[0]}` : 'Home'} tab="Home">
      {projects.data?.length === 0 && mayCreate && (
        <Empty
          icon={IconRocket}
          title="Your workspace is empty"
          actions={
            <Button component={Link} to="/welcome">
              Begin
            </Button>
          }
        >
          Look at a demo project whose rules work while you watch, or begin with a project of your own.
        </Empty>
      )}
      <div className={classes.columns}>
        <MyTasks />
        <Stack>
          <Approvals />
          <Lately />
          <SomeProjects />
        </Stack>
      </div>
    </Page>
  );
}
