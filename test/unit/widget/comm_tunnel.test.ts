import { describe, expect, test } from '@jest/globals';
import { CommTunnel } from '../../../src/widget/comm_tunnel.js';
import { KernelEnd } from './comm_model.js';

const view = (...bytes: number[]) => new DataView(Uint8Array.from(bytes).buffer);
const nothing = () => undefined;

async function opened() {
  const kernel = new KernelEnd();
  kernel.answer = ({ message }) => message.t === 'open' && kernel.say({ t: 'opened', id: message.id });
  const tunnel = new CommTunnel(kernel.model);
  const frames: number[][] = [];
  const reasons: string[] = [];
  await tunnel.open((frame) => frames.push([...new Uint8Array(frame)]), (reason) => reasons.push(reason));
  return { kernel, tunnel, frames, reasons, id: kernel.sent[0]?.message.id as string };
}

describe('CommTunnel', () => {
  test('opens, sends, receives several frames in a message, closes', async () => {
    const { kernel, tunnel, frames, id } = await opened();
    tunnel.send(Uint8Array.of(1, 2));
    expect(kernel.sent[1]).toEqual({ message: { t: 'frame', id }, buffers: [Uint8Array.of(1, 2)] });
    kernel.say({ t: 'frames', id }, [view(5), view(6, 7)]);
    expect(frames).toEqual([[5], [6, 7]]);
    tunnel.close();
    expect(kernel.sent[2]?.message).toEqual({ t: 'close', id });
    expect(kernel.listeners).toBe(0);
    tunnel.send(Uint8Array.of(9));
    expect(kernel.sent).toHaveLength(3);
  });

  test('frames of other pages are not its own', async () => {
    const { kernel, frames, reasons } = await opened();
    kernel.say({ t: 'frames', id: 'another' }, [view(5)]);
    kernel.say({ t: 'closed', id: 'another', reason: 'x' });
    expect([frames, reasons]).toEqual([[], []]);
  });

  test('a frame that lies within a larger buffer is cut out, for the buffer is given away', async () => {
    const { kernel, frames, id } = await opened();
    const whole = Uint8Array.of(1, 2, 3, 4);
    kernel.say({ t: 'frames', id }, [new DataView(whole.buffer, 1, 2)]);
    expect([frames, whole.byteLength]).toEqual([[[2, 3]], 4]);
  });

  test('says why it ended, and can be opened again', async () => {
    const { kernel, tunnel, reasons, id } = await opened();
    kernel.say({ t: 'closed', id, reason: 'the instance is gone' });
    expect([reasons, kernel.listeners]).toEqual([['the instance is gone'], 0]);
    await tunnel.open(nothing, nothing);
    expect(kernel.sent.at(-1)?.message.id).not.toBe(id);
  });

  test('a kernel that cannot open it says why', async () => {
    const kernel = new KernelEnd();
    kernel.answer = ({ message }) => kernel.say({ t: 'closed', id: message.id, reason: 'nobody answers' });
    await expect(new CommTunnel(kernel.model).open(nothing, nothing)).rejects.toThrow('nobody answers');
    expect(kernel.listeners).toBe(0);
  });
});
