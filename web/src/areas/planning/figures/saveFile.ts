import { raw } from '~/api/client';

/** Saves what the server gives as a file; a plain link would come without the sign-in. */
export async function saveFile(path: string, name: string) {
  const answer = await raw(path);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
