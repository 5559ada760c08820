/** The commands of the socket: what a request must hold, and its answer. */

import path from 'node:path';
import * as z from 'zod';
import { MAX_AXIS } from '../protocol/index.js';
import { SchedulerError } from './backend.js';
import type { InstanceRecord, SchedulerState } from './state.js';
import { checkFits, DTYPES, knownDtype, storeEstimate } from './store_estimate.js';
import { tokensEqual } from './token_file.js';

export const SUCCESSFUL = 'VIS_SERVER_SUCCESSFUL';
export const UNSUCCESSFUL = 'VIS_SERVER_UNSUCCESSFUL';
export const UNAUTHORIZED = 'VIS_SERVER_UNAUTHORIZED';

/** What goes back on the socket. */
export interface Answer {
  readonly response: typeof SUCCESSFUL | typeof UNSUCCESSFUL | typeof UNAUTHORIZED;
  readonly error_msg?: string;
  readonly remedy?: string;
  readonly username: string;
  readonly instance?: object;
}

const Request = z.object({
  command: z.string().max(100),
  params: z.record(z.string(), z.unknown()).default({}),
  username: z.string().min(1).max(64),
  token: z.string().max(1000).optional(),
});

const axis = z.int().min(1).max(MAX_AXIS);
const Initialize = z.strictObject({
  shape: z.tuple([axis, axis, axis]),
  dtype: z.string().refine(knownDtype),
  store_bytes: z.int().min(1).optional(),
  scene: z.string().min(1).max(4096).refine((value) => path.isAbsolute(value) && !value.includes('\0')).optional(),
});

const REMEDY: Readonly<Record<string, string>> = {
  shape: `give the shape as [z, y, x], three whole numbers from 1 to ${MAX_AXIS}`,
  dtype: `give one of ${DTYPES.join(', ')}`,
  store_bytes: 'give a whole number of bytes, or leave it out',
  scene: 'give the absolute path of a file, or leave it out',
};

type Command = (state: SchedulerState, username: string, params: Record<string, unknown>) => Promise<Omit<Answer, 'username'>>;

const notFound = { response: UNSUCCESSFUL, error_msg: 'Unable to find visualization server for user' } as const;

const COMMANDS: Readonly<Record<string, Command>> = {
  VIS_SERVER_QUERY_USER_INSTANCE: async (state, username) => {
    const record = state.find(username);
    return record ? { response: SUCCESSFUL, instance: describe(record) } : notFound;
  },
  VIS_SERVER_INITIALIZE: async (state, username, params) => {
    const { shape, dtype, store_bytes: storeBytes, scene } = parseInitialize(params);
    if (storeBytes !== undefined) checkFits(storeBytes);
    const storeBytesAtMost = storeEstimate(shape, dtype);
    const record = await state.initialize({ username, shape, dtype, storeBytes, storeBytesAtMost, scene });
    return { response: SUCCESSFUL, instance: describe(record) };
  },
  VIS_SERVER_STOP: async (state, username) => ((await state.stop(username)) ? { response: SUCCESSFUL } : notFound),
};

/** Answers one request, whatever it holds. */
export async function answer(text: string, token: string, state: SchedulerState, log: (message: string) => void): Promise<Answer> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('', 'the request is not one JSON object', 'send {"command", "params", "username", "token"} as JSON');
  }
  const named = (value as { username?: unknown } | null)?.username;
  const username = typeof named === 'string' ? named.slice(0, 64) : '';
  const given = (value as { token?: unknown } | null)?.token;
  if (typeof given !== 'string' || !tokensEqual(given, token)) {
    return {
      response: UNAUTHORIZED,
      error_msg: given === undefined ? 'the request has no token' : 'the token is wrong',
      remedy: "take the token from the scheduler's token file, VOXBEAM_TOKEN or token=",
      username,
    };
  }
  const request = Request.safeParse(value);
  if (!request.success) {
    const issue = request.error.issues[0];
    return refuse(username, `${issue?.path.join('.') || 'request'}: ${issue?.message}`, 'correct this field of the request');
  }
  const { command, params } = request.data;
  const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!run) return refuse(username, `unknown command ${JSON.stringify(command)}`, `one of ${Object.keys(COMMANDS).join(', ')}`);
  try {
    const { response, ...rest } = await run(state, request.data.username, params);
    return { response, ...rest, username: request.data.username };
  } catch (error) {
    if (error instanceof SchedulerError) return refuse(username, error.message, error.remedy);
    log(`internal error: ${(error as Error).stack ?? error}`);
    return refuse(username, 'internal error of the scheduler', 'its log has the details');
  }
}

/** The answer to what is not understood or cannot be done. */
export function refuse(username: string, message: string, remedy: string): Answer {
  return { response: UNSUCCESSFUL, error_msg: message, remedy, username };
}

function parseInitialize(params: Record<string, unknown>): z.infer<typeof Initialize> {
  const result = Initialize.safeParse(params);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = String(issue?.path[0] ?? 'params');
  const shown = field === 'params' ? `: ${issue?.message}` : ` ${JSON.stringify(params[field])?.slice(0, 200) ?? 'is missing'}`;
  throw new SchedulerError(`${field}${shown}${field === 'params' ? '' : ' cannot be served'}`, REMEDY[field] ?? 'give shape, dtype and, if you like, store_bytes and scene');
}

/** The fields of an instance as clients see them. */
function describe({ request, running, started }: InstanceRecord): object {
  return {
    id: running.id,
    host: running.host,
    port: running.port,
    token: running.token,
    url: `http://${running.host}:${running.port}/`,
    shape: request.shape,
    dtype: request.dtype,
    store_bytes: running.storeBytes,
    ...(running.scene !== undefined && { scene: running.scene }),
    started: started.toISOString(),
  };
}
