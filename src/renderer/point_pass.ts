/** Draws clouds of points: lit spheres with their distances in perspective, discs in slices. */

import * as THREE from 'three';
import { POINT_STEPS } from '../protocol/limits.js';
import { type Vec3, worldToVoxel } from '../volume/geometry.js';
import { toLayer, toWorld } from '../volume/placement.js';
import { cameraBasis, type OrbitCamera } from './camera.js';
import { CLIP_PLANES, clipUniforms, cutUniforms, planesOf, setClip, setCut } from './clip_planes.js';
import { type DeviceRect, type Fullscreen, HEAD } from './fullscreen.js';
import { type PointCloud, MAX_DRAWN } from './point_cloud.js';
import { POINT_COLORS } from './point_colors.js';
import discFragment from './shaders/discs.frag.glsl';
import discVertex from './shaders/discs.vert.glsl';
import sphereFragment from './shaders/points.frag.glsl';
import logGlsl from './shaders/log_place.glsl';
import pointGlsl from './shaders/points.glsl';
import sphereVertex from './shaders/points.vert.glsl';
import { CUT_PLANES, cutsOf } from './plane_views.js';
import { sliceFrame } from './slice_view.js';
import { storageClass, windowUniform } from './storage.js';
import { logUniform } from './transfer_function.js';
import type { SliceView, VolumeView } from './views.js';

/** How values of points are kept. */
const VALUES = storageClass('image', 'f32');

type Uniforms = Record<string, THREE.IUniform>;

const SQUARE = [-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0];

/** Points of bricks that are here, as spheres and discs. */
export class PointPass {
  readonly #spheres = material(sphereVertex, sphereFragment, true);
  readonly #discs = material(discVertex, discFragment, false);
  readonly #list = new THREE.DataTexture(new Uint32Array(MAX_DRAWN), MAX_DRAWN, 1, THREE.RedIntegerFormat, THREE.UnsignedIntType);
  readonly #geometry = new THREE.InstancedBufferGeometry();
  readonly #scene = new THREE.Scene();
  readonly #mesh: THREE.Mesh;

  constructor(readonly screen: Fullscreen) {
    this.#list.internalFormat = 'R32UI';
    this.#geometry.setAttribute('position', new THREE.Float32BufferAttribute(SQUARE, 3));
    this.#geometry.setIndex([0, 1, 2, 0, 2, 3]);
    this.#mesh = new THREE.Mesh(this.#geometry);
    this.#mesh.frustumCulled = false;
    this.#scene.add(this.#mesh);
  }

  /** Draws spheres into a target of colours and distances, in front of what is there already. */
  spheres(cloud: PointCloud, view: VolumeView, rect: DeviceRect, target: THREE.WebGLRenderTarget, jitter: readonly [number, number], pass: number): void {
    const { camera } = view;
    const basis = cameraBasis(camera);
    const tan = Math.tan(camera.fovY / 2);
    const u = this.#spheres.uniforms as Uniforms;
    this.#setCloud(u, cloud, basis.eye);
    setClip(u, planesOf(view.clip), basis.eye);
    setCut(u, cutsOf(view), basis.eye);
    set(u, 'uForward', new THREE.Vector3(...basis.forward));
    set(u, 'uRight', new THREE.Vector3(...basis.right).multiplyScalar((tan * rect.width) / rect.height));
    set(u, 'uUp', new THREE.Vector3(...basis.up).multiplyScalar(tan));
    set(u, 'uShift', new THREE.Vector2((2 * jitter[0]) / rect.width, (2 * jitter[1]) / rect.height));
    set(u, 'uViewport', new THREE.Vector4(rect.x - jitter[0], rect.y - jitter[1], 2 / rect.width, 2 / rect.height));
    set(u, 'uPixel', (2 * tan) / rect.height);
    set(u, 'uLight', new THREE.Vector3(...(view.light ?? headLight(camera))));
    set(u, 'uShading', cloud.settings.shading === 'none' ? 0 : 1);
    set(u, 'uScale', camera.distance);
    set(u, 'uPass', pass);
    this.#draw(cloud, view.id, this.#spheres, rect, target);
  }

  /** Draws the discs in which a slice cuts spheres, over what is on the canvas. */
  discs(cloud: PointCloud, view: SliceView, rect: DeviceRect, ratio: number): void {
    const { middle, right, up, normal } = sliceFrame(view);
    const pixel = view.pixelSize / ratio;
    const u = this.#discs.uniforms as Uniforms;
    this.#setCloud(u, cloud, middle);
    setClip(u, [], middle);
    setCut(u, [], middle);
    set(u, 'uRight', new THREE.Vector3(...right).multiplyScalar(2 / (rect.width * pixel)));
    set(u, 'uUp', new THREE.Vector3(...up).multiplyScalar(2 / (rect.height * pixel)));
    set(u, 'uNormal', new THREE.Vector3(...normal));
    set(u, 'uPixel', pixel);
    this.#draw(cloud, view.id, this.#discs, rect, null);
  }

  dispose(): void {
    for (const part of [this.#spheres, this.#discs, this.#list, this.#geometry]) part.dispose();
  }

  /** What both kinds take; `origin` is where the view's places are counted from. */
  #setCloud(u: Uniforms, cloud: PointCloud, origin: Vec3): void {
    const { settings, placement, geometry, facts } = cloud;
    const steps = stepsAt(cloud, origin);
    const reference = toWorld(placement, cloud.toWorld(...steps));
    const edge = (i: number): number => ((geometry.shape[2 - i] as number) * (geometry.voxelSize[2 - i] as number)) / POINT_STEPS;
    const [a, b, c] = placement.to.map((row) => row.map((n, i) => n * edge(i))) as [number[], number[], number[]];
    const [low, high] = settings.window;
    cloud.colors.update(settings);
    set(u, 'uPoints', cloud.store.texture);
    set(u, 'uStride', cloud.store.stride);
    set(u, 'uColors', cloud.colors.texture);
    set(u, 'uReference', new THREE.Vector3(...steps));
    set(u, 'uToWorld', new THREE.Matrix3().fromArray([...a, ...b, ...c]).transpose());
    set(u, 'uBase', new THREE.Vector3(...reference.map((n, i) => n - (origin[i] as number))));
    const { scale, power } = windowUniform(VALUES, 1, 0, settings.window);
    set(u, 'uWindow', new THREE.Vector3(low * power, high === low ? 1e30 : scale, power));
    set(u, 'uLog', logUniform(settings) ?? new THREE.Vector2());
    set(u, 'uRange', new THREE.Vector2(...(settings.range ?? [-3.4e38, 3.4e38])));
    const factor = settings.radius * Math.max(...placement.scale);
    set(u, 'uRadius', new THREE.Vector2(facts.radius[0] * factor, facts.radius[1] * factor));
  }

  #draw(cloud: PointCloud, viewId: string, shader: THREE.RawShaderMaterial, rect: DeviceRect, target: THREE.WebGLRenderTarget | null): void {
    const list = this.#list.image.data as unknown as Uint32Array;
    let count = 0;
    for (const { level, z, y, x } of cloud.plans.get(viewId)?.bricks ?? []) {
      const slot = cloud.store.slotOf(cloud.numbering.pack(level, z, y, x));
      if (slot !== undefined && count < MAX_DRAWN) list[count++] = slot;
    }
    if (count === 0) return;
    this.#list.needsUpdate = true;
    set(shader.uniforms as Uniforms, 'uSlots', this.#list);
    this.#geometry.instanceCount = count * cloud.store.stride;
    this.#mesh.material = shader;
    this.screen.object(this.#scene, rect, target);
  }
}

/** The place in a cloud's box, in whole steps, that is nearest to a place of the world: differences to it are small where it matters. */
function stepsAt({ geometry, placement }: PointCloud, world: Vec3): Vec3 {
  const voxel = worldToVoxel(geometry, toLayer(placement, world));
  const step = (i: number): number => {
    const share = ((voxel[2 - i] as number) + 0.5) / (geometry.shape[2 - i] as number);
    return Math.round(Math.min(Math.max(share, 0), 1) * POINT_STEPS);
  };
  return [step(0), step(1), step(2)];
}

/** From above the viewer's left shoulder. */
function headLight(camera: OrbitCamera): Vec3 {
  const { right, up, forward } = cameraBasis(camera);
  const sum = [0, 1, 2].map((i) => -0.35 * (right[i] as number) + 0.6 * (up[i] as number) - 0.72 * (forward[i] as number));
  const length = Math.hypot(...sum);
  return sum.map((n) => n / length) as unknown as Vec3;
}

const set = (u: Uniforms, name: string, value: unknown): void => {
  (u[name] as THREE.IUniform).value = value;
};

function material(vertex: string, fragment: string, solid: boolean): THREE.RawShaderMaterial {
  const names = ['uPoints', 'uSlots', 'uColors', 'uStride', 'uReference', 'uToWorld', 'uBase', 'uWindow', 'uLog', 'uRange', 'uRadius', 'uPixel'];
  names.push('uRight', 'uUp', ...(solid ? ['uForward', 'uShift', 'uViewport', 'uLight', 'uShading', 'uScale', 'uPass'] : ['uNormal']));
  const uniforms = { ...Object.fromEntries(names.map((name) => [name, { value: null } as THREE.IUniform])), ...clipUniforms(), ...cutUniforms() };
  return new THREE.RawShaderMaterial({
    glslVersion: THREE.GLSL3,
    vertexShader: HEAD + logGlsl + pointGlsl + vertex,
    fragmentShader: HEAD + fragment,
    uniforms,
    defines: { CLIP_PLANES, CUT_PLANES, COLORS: POINT_COLORS },
    depthTest: solid,
    depthWrite: solid,
    transparent: !solid,
    blending: solid ? THREE.NoBlending : THREE.CustomBlending,
    blendSrc: THREE.OneFactor,
    blendDst: THREE.OneMinusSrcAlphaFactor,
    side: THREE.DoubleSide,
  });
}
