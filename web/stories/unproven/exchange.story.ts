import { expect, test } from '../support';
import { expectAccessible } from '../support/axe';

test('a project is made of a table: looked at first, refused with the reason, then brought in, and out again', async ({
  ada,
  browser,
}, info) => {
  const phone = info.project.name === 'phone';
  const key = phone ? 'TABLEP' : 'TABLED';
  const page = await ada.open(browser, '/projects');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import a project' });
  const choose = async (name: string, text: string) => {
    const chooser = page.waitForEvent('filechooser');
    await dialog.getByRole('button', { name: 'File', exact: true }).click();
    await (await chooser).setFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
  };
  await choose('tasks.csv', 'title,priority,Odd\nPaint the hall,high,1\nHang the lamps,shiny,2\n');
  await dialog.getByRole('textbox', { name: 'Name of the project' }).fill(`Table ${key}`);
  await dialog.getByRole('textbox', { name: 'Key' }).fill(key);
  await dialog.getByRole('button', { name: 'Check the file' }).click();
  await expect(dialog.getByText('The file cannot be imported')).toBeVisible();
  await expect(dialog.getByText(/shiny/)).toBeVisible();
  await expectAccessible(page);
  await expect(dialog.getByRole('button', { name: 'Import', exact: true })).toBeDisabled();

  await choose('tasks.csv', 'title,priority\nPaint the hall,high\nHang the lamps,low\n');
  await dialog.getByRole('button', { name: 'Check the file' }).click();
  await expect(dialog.getByText(/It would bring 2 tasks/)).toBeVisible();
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/import-${info.project.name}.png` });
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`/projects/${key}$`));
  expect(await ada.get(`/tasks/${key}-2`)).toMatchObject({ title: 'Hang the lamps', priority: 'low' });

  await page.goto(`/projects/${key}/settings?part=exchange`);
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Whole project' }).click();
  expect((await saved).suggestedFilename()).toBe(`${key}.json`);
});
