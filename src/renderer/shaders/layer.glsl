// Layer _L: where it lies and how its voxels are found. P is in cells of its window.
uniform mat3 uCells_L;      // world lengths to cells
uniform vec3 uEye_L;        // cells
uniform vec3 uBoxMin_L;
uniform vec3 uBoxMax_L;
uniform vec3 uCellToAtlas_L;
#if CELLS_L
uniform vec3 uSlots_L;      // slots of its atlas along x, y, z
#endif
uniform float uPace_L;      // steps along a voxel of the window's level
uniform float uVoxel_L;     // world length of such a voxel
uniform float uPerStep_L;   // 1 / world length of a voxel of level 0
uniform float uThick_L;     // the same, for a density: more where the camera is near

vec3 direction_L;
float near_L;               // how far the first look for what shades a place goes
vec3 inverse_L;
float in_L;
float out_L;
vec4 entry_L;               // of the table, where the ray is
vec3 x_L;                   // place in the atlas where its brick was entered, and the way from there over a world length
vec3 dx_L;
bool shows_L;
bool had_L;                 // the sample before had a value
float own_L;                // opacity of its own so far, where it adds its light

void begin_L() {
  direction_L = uCells_L * ray;
  vec3 tiny = vec3(1e-7 * length(direction_L));
  direction_L = mix(direction_L, mix(tiny, -tiny, lessThan(direction_L, vec3(0.))), lessThan(abs(direction_L), tiny));
  inverse_L = 1. / direction_L;
  vec3 a = (uBoxMin_L - uEye_L) * inverse_L;
  vec3 b = (uBoxMax_L - uEye_L) * inverse_L;
  vec3 near = min(a, b);
  vec3 far = max(a, b);
  in_L = max(max(near.x, near.y), near.z);
  out_L = min(min(far.x, far.y), far.z);
  if (in_L >= out_L) {
    in_L = FAR;
    out_L = -FAR;
  }
  had_L = false;
  own_L = 0.;
  near_L = max(1. / uPerStep_L, uNear);
}

// Finds the brick at s. Returns where on the ray it, or what lies before the layer, ends.
float enter_L(float s, inout float pace) {
  shows_L = false;
  if (s >= out_L) return FAR;
  if (s < in_L) return in_L;
  vec3 P = uEye_L + direction_L * s;
  entry_L = tableAt_L(P);
  float r = abs(entry_L.w);
  vec3 t = (brickEnd_L(P, 1. / r, step(0., direction_L)) - uEye_L) * inverse_L;
  shows_L = entry_L.w > 0.;
  if (shows_L) pace = min(pace, uPace_L / r);
  x_L = P * (r * uCellToAtlas_L) + entry_L.xyz;
  dx_L = direction_L * (r * uCellToAtlas_L);
  float next = min(min(t.x, t.y), min(t.z, out_L));
#if CELLS_L
  // A loop of at most one turn, as below. To where cells of the brick that show nothing end; or on through those that show something, three of them at least.
  for (int k = 0; k < 1 && shows_L; ++k) {
    vec3 slot = x_L * uSlots_L;
    vec3 q = clamp((fract(slot) * STORED_EDGE - 1.) * (BRICK_CELLS / BRICK_EDGE), 0., BRICK_CELLS - .001);
    vec3 cell = floor(q);
    float run = floor(textureLod(CLEAR_L, (floor(slot) + (cell + .5) / BRICK_CELLS) / uSlots_L, 0.).r * 255. - RUN_ZERO + .5);
    shows_L = run < 0.;
    float reach = shows_L ? max(-run, 3.) : run;
    vec3 perLength = dx_L * uSlots_L * (STORED_EDGE * BRICK_CELLS / BRICK_EDGE);
    vec3 far = (cell + mix(vec3(1. - reach), vec3(reach), step(0., direction_L)) - q) / perLength;
    next = min(next, s + min(far.x, min(far.y, far.z)));
  }
#endif
  return next;
}

// The texel at P through the table; false where nothing is shown.
bool find_L(vec3 P, out vec4 texel, out float size) {
  texel = vec4(0.);
  size = 1.;
  if (any(lessThan(P, uBoxMin_L)) || any(greaterThanEqual(P, uBoxMax_L))) return false;
  vec4 e = tableAt_L(P);
  size = 1. / abs(e.w);
  texel = textureLod(ATLAS_L, P * (abs(e.w) * uCellToAtlas_L) + e.xyz, 0.);
  return e.w > 0.;
}

void lay_L(vec4 c) {
#if ADDITIVE_L
  glow += (1. - acc.a) * (1. - own_L) * c.rgb;
  own_L += (1. - own_L) * c.a;
#else
  acc += (1. - acc.a) * c;
#endif
}
