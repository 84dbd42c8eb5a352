// Each URL names the line that it stands in: /KIND/LINE/NUMBER.
import { get } from "client";

declare const API: string;

export async function loadUsers(): Promise<void> {
  await get(`${API}/bundled-library/7/0`);
  await get(`${API}/bundled-library/8/1`);
  await get(`${API}/bundled-library/9/2`);
  await get(`${API}/bundled-library/10/3`);
  await get(`${API}/bundled-library/11/4`);
  await get(`${API}/bundled-library/12/5`);
  await get(`${API}/bundled-library/13/6`);
  await get(`${API}/bundled-library/14/7`);
  await get(`${API}/bundled-library/15/8`);
  await get(`${API}/bundled-library/16/9`);
  await get(`${API}/bundled-library/17/10`);
  await get(`${API}/bundled-library/18/11`);
  await get(`${API}/bundled-preflighted/19/0`, { "x-a": "1" });
  await get(`${API}/bundled-preflighted/20/1`, { "x-a": "1" });
  await get(`${API}/bundled-preflighted/21/2`, { "x-a": "1" });
  await get(`${API}/bundled-preflighted/22/3`, { "x-a": "1" });
  await get(`${API}/bundled-preflighted/23/4`, { "x-a": "1" });
  await get(`${API}/bundled-preflighted/24/5`, { "x-a": "1" });
  await get(`${API}/bundled-preflighted/25/6`, { "x-a": "1" });
  await get(`${API}/bundled-preflighted/26/7`, { "x-a": "1" });
  await get(`${API}/bundled-preflighted/27/8`, { "x-a": "1" });
  await get(`${API}/bundled-preflighted/28/9`, { "x-a": "1" });
  await get(`${API}/bundled-preflighted/29/10`, { "x-a": "1" });
  await get(`${API}/bundled-preflighted/30/11`, { "x-a": "1" });
}
