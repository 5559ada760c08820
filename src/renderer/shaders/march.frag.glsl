// One ray through one volume, brick by brick: the page table is read once a brick, samples lie on the ray's own lattice whatever
// the bricks, and nothing is sampled in bricks that show nothing. Lengths along the ray (s) are world lengths; P is in cells of
// the table's window. MAX_BRICKS bounds the outer loop; each of its turns advances by a step at least.
out vec4 color;

uniform sampler3D uAtlas;
uniform vec3 uEye;          // cells
uniform vec3 uForward;      // world directions; right and up are as long as the half picture at distance 1
uniform vec3 uRight;
uniform vec3 uUp;
uniform vec4 uViewport;     // lower left corner, and 2 / size, of the picture in gl_FragCoord
uniform vec3 uCells;        // cells per world length
uniform vec3 uBoxMin;
uniform vec3 uBoxMax;
uniform vec3 uShownMin;     // around all that has voxels
uniform vec3 uShownMax;
uniform float uLead;        // steps that all levels shown have in common
uniform vec3 uCellToAtlas;
uniform float uStep;        // world length of a step at the window's level
uniform float uStart;       // first sample, in steps behind the face
#if defined(CELLS)
uniform sampler3D uClearCells; // of each cell of a slot: 128 plus how many cells around show nothing, or minus how many show something
#endif
uniform vec3 uSlots;        // slots of the atlas along x, y, z
uniform int uRowBias;       // steps are longer by 2^this than a voxel of level 0, before the level in the table

#if IMAGE_STORAGE >= 0
uniform sampler2D uTransfer; // row 0: colours; row 1 + n: premultiplied colour and opacity of a step of 2^n

// What a step in this value adds; `row` of the texture is for its length.
vec4 stepOf(float value, float row) {
  vec4 c = textureLod(uTransfer, vec2(TRANSFER_AT(value * uWindow.x + uWindow.y), row), 0.);
  return isNumber(value) ? c : vec4(0.);
}
#endif
#if defined(PIECES)
uniform float uThick;       // a step of a voxel of level 0, in the transfer function's own

// Share of the window, and place in it.
vec2 spotOf(float value) {
  float t = value * uWindow.x + uWindow.y;
  return vec2(SHARE_OF(t), PLACE_OF(t));
}
#endif
#if LABEL_STORAGE >= 0
uniform float uLabelOpacity[TRANSFER_ROWS];
#if defined(LABEL_LOOKUP)
uniform highp usampler2D uLabelLookup;
uniform float uLabelRest;
#endif

// Premultiplied colour of a step in a label, of opacity `one` where nothing is said of it.
vec4 labelStep(uint id, float one) {
  if (id == 0u) return vec4(0.);
#if defined(LABEL_LOOKUP)
  vec4 look = labelLook(id, uLabelLookup, uLabelRest);
  return vec4(look.rgb, 1.) * (1. - pow(1. - one, look.a));
#else
  return vec4(labelColor(id), 1.) * one;
#endif
}
#endif
#if defined(SHADED)
uniform vec3 uPerVoxel;     // relative density of voxels along x, y, z
uniform vec3 uHalfTexel;

// How light falls on the surface through x. Four samples half a voxel away, which the halo holds.
vec2 shadeAt(vec3 x) {
  float a = voxelValue(textureLod(uAtlas, x + vec3(1., -1., -1.) * uHalfTexel, 0.));
  float b = voxelValue(textureLod(uAtlas, x + vec3(-1., -1., 1.) * uHalfTexel, 0.));
  float c = voxelValue(textureLod(uAtlas, x + vec3(-1., 1., -1.) * uHalfTexel, 0.));
  float d = voxelValue(textureLod(uAtlas, x + uHalfTexel, 0.));
  vec3 g = vec3(a - b - c + d, c + d - a - b, b + d - a - c) * (uWindow.x * uPerVoxel);
  if (!isNumber(g.x + g.y + g.z)) return vec2(.9, 0.);
  return lightBy(g);
}
#endif
#if defined(OVERLAY)
uniform sampler3D uLabelAtlas;
uniform vec3 uLabelScale;   // cells of the image's window to cells of the labels' window
uniform vec3 uLabelOffset;
uniform vec3 uLabelBoxMin;
uniform vec3 uLabelBoxMax;
uniform vec3 uLabelCellToAtlas;
uniform float uLabelSpan;   // cells of the image's window under a voxel step of the labels' finest level shown

vec4 overlayAt(vec3 P, float opacity) {
  vec3 Q = P * uLabelScale + uLabelOffset;
  vec4 e = tableAt_over(Q);
  uint id = labelId(textureLod(uLabelAtlas, Q * (abs(e.w) * uLabelCellToAtlas) + e.xyz, 0.));
  bool inside = all(greaterThanEqual(Q, uLabelBoxMin)) && all(lessThan(Q, uLabelBoxMax));
  return e.w > 0. && inside ? labelStep(id, opacity) : vec4(0.);
}
#endif

#if defined(DEPTH)
// The last step before what is solid is as long as the way to there: were it whole, long steps would draw contours on it that move with the eye.
vec4 asLongAs(vec4 c, float at, float pace, float whole) {
  for (int k = 0; k < 1 && at + pace >= whole; ++k) {
    float alpha = 1. - pow(1. - c.a, max(whole - at + uStart, 0.) / pace);
    c *= alpha / max(c.a, 1e-6);
  }
  return c;
}
#endif

void main() {
  vec2 ndc = (gl_FragCoord.xy - uViewport.xy) * uViewport.zw - 1.;
  vec3 ray = normalize(uForward + ndc.x * uRight + ndc.y * uUp);
  vec3 rd = ray * uCells;
  vec3 tiny = 1e-7 * uCells;
  rd = mix(rd, mix(tiny, -tiny, lessThan(rd, vec3(0.))), lessThan(abs(rd), tiny));
  vec3 inv = 1. / rd;
  vec3 a = (uBoxMin - uEye) * inv;
  vec3 b = (uBoxMax - uEye) * inv;
  vec3 near = min(a, b);
  vec3 far = max(a, b);
  float s = max(max(near.x, near.y), max(near.z, 0.));
  float sEnd = min(min(far.x, far.y), far.z);
#if defined(CLIPPED)
  clipRay(ray, s, sEnd);
#endif
#if defined(CUT)
  s = max(s, cutRay(ray));
#endif
#if defined(DEPTH)
  float solid = depthAt((ndc + 1.) * .5);
  sEnd = min(sEnd, solid);
#endif
  s += uStart * uStep;
  float first = s;
#if defined(DEPTH)
  float whole = (solid - first) / uStep;
#endif
  // Counted in steps, exactly: samples are the same ones however a ray is cut into runs, the last one among them.
  float total = ceil((sEnd - s) / uStep);
  // Before and behind all that has voxels there is nothing to step through.
  vec3 front = (uShownMin - uEye) * inv;
  vec3 back = (uShownMax - uEye) * inv;
  near = min(front, back);
  far = max(front, back);
  float done = max(floor((max(near.x, max(near.y, near.z)) - s) / (uStep * uLead) - .01), 0.) * uLead;
  total = min(total, ceil((min(far.x, min(far.y, far.z)) - s) / uStep + .01));
  s += done * uStep;
  vec3 up = step(0., rd);
  vec4 acc = vec4(0.);
  vec4 over = vec4(0.);
  float most = -1e30;
  vec3 dx = rd * (uStep * uCellToAtlas); // the same at every level, as are cells
#if defined(CELLS)
  vec3 perStep = rd * (uStep * BRICK_CELLS);
  vec3 stepsPerCell = 1. / perStep;
  vec3 acrossCell = abs(stepsPerCell);
  vec3 down = 1. - up;
  vec3 cellTexel = 1. / (BRICK_CELLS * uSlots);
#endif

  for (int g = 0; g < MAX_BRICKS && done < total; ++g) {
    vec3 P = uEye + rd * s;
    vec4 e = tableAt(P);
    float r = abs(e.w);
    float size = 1. / r;
    vec3 t = (brickEnd(P, size, up) - uEye) * inv;
    vec3 x = P * (r * uCellToAtlas) + e.xyz;
    float leave = min(t.x, min(t.y, t.z));
    float pace = size;
#if defined(OVERLAY)
    if (e.w < 0.) pace = min(size, uLabelSpan); // labels may be finer than what shows nothing of the image
#endif
    float dt = uStep * pace;
    float n = clamp(ceil((leave - s) / dt), 1., ceil((total - done) / pace));
    int row = min(uRowBias + int(.5 + log2(pace)), TRANSFER_ROWS - 1);
    float v = (float(row) + 1.5) / float(TRANSFER_ROWS + 1);
    float k = 0.;
    vec3 slot = x * uSlots;
#if defined(PIECES)
    float thick = uThick * exp2(float(row));
    vec3 low = (floor(slot) + .5 / STORED_EDGE) / uSlots;
    vec3 high = (floor(slot) + 1. - .5 / STORED_EDGE) / uSlots;
#endif
#if defined(CELLS)
    if (e.w < 0.) k = n;
    // Where in its slot the ray comes in, in cells.
    vec3 corner = (floor(slot) + .5 / BRICK_CELLS) / uSlots;
    vec3 entered = (fract(slot) * STORED_EDGE - 1.) * (BRICK_CELLS / BRICK_EDGE);
    for (int h = 0; h < MAX_RUNS && k < n; ++h) {
      // Past what is clear, then as far as cells show something: so rays that go together sample together, whichever cells are clear for each.
      float begun = k;
      float count = 0.;
      for (int c = 0; c < MAX_RUNS && k < n && count < LONG_RUN; ++c) {
        // To where cells of one kind end: a place in cells, and the box around it that is alike.
        vec3 q = clamp(entered + perStep * k, 0., BRICK_CELLS - .001);
        vec3 cell = floor(q); // read in its middle: at its face the texture might give its neighbour
        float run = textureLod(uClearCells, corner + cell * cellTexel, 0.).r * 255. - RUN_ZERO;
        vec3 alike = (cell - q + down) * stepsPerCell + abs(run) * acrossCell;
        float many = ceil(min(alike.x, min(alike.y, alike.z)));
        bool clear = run > 0.;
        // A look costs as much as a few samples: what shows is taken in fours, as it is laid over, and a few of them at least.
        many = min(clear ? max(many, 1.) : max(ceil(many * .25) * 4., LEAST_RUN), n - k);
        k += many;
        if (clear && count > 0.) break;
        begun = clear ? k : begun;
        count += clear ? 0. : many;
      }
      int m = int(count);
      vec3 at = x + dx * begun;
#else
    {
      vec3 at = x;
      float begun = 0.;
      k = n;
#if defined(OVERLAY)
      int m = int(n);
      bool shows = e.w > 0.;
      vec3 dP = rd * dt;
#else
      int m = e.w < 0. ? 0 : int(n);
#endif
#endif
#if defined(PIECES)
      // The sample before, in what is clear or in the brick before: the halo has it.
      bool had = false;
      vec2 before = vec2(0.);
      vec4 sum = vec4(0.);
      for (int j = 0; j < 1 && m > 0 && done + begun * pace > 0.; ++j) {
        float value = voxelValue(textureLod(uAtlas, clamp(at - dx, low, high), 0.));
        had = isNumber(value);
        before = spotOf(value);
        sum = integralTo(0, before.x, before.y);
      }
#endif
      int alone = 0;
#if defined(FOURS)
      // Four at a time, laid over each other before they are laid over what is behind.
      for (; alone + 4 <= m; alone += 4) {
        float v0 = voxelValue(textureLod(uAtlas, at, 0.));
        float v1 = voxelValue(textureLod(uAtlas, at + dx, 0.));
        float v2 = voxelValue(textureLod(uAtlas, at + 2. * dx, 0.));
        float v3 = voxelValue(textureLod(uAtlas, at + 3. * dx, 0.));
        vec4 c0 = stepOf(v0, v);
        vec4 c1 = stepOf(v1, v);
        vec4 c2 = stepOf(v2, v);
        vec4 c3 = stepOf(v3, v);
        c0 += (1. - c0.a) * c1;
        c2 += (1. - c2.a) * c3;
        c0 += (1. - c0.a) * c2;
        acc += (1. - acc.a) * c0;
        at += 4. * dx;
      }
#endif
      for (int i = alone; i < m; ++i) {
        vec4 texel = textureLod(uAtlas, at, 0.);
#if IMAGE_STORAGE >= 0
        float value = voxelValue(texel);
#if defined(MIP)
#if defined(OVERLAY)
        if (shows && isNumber(value)) most = max(most, value * uWindow.x + uWindow.y);
        over += (1. - over.a) * overlayAt(P, uLabelOpacity[row]);
        P += dP;
#else
        most = max(most, isNumber(value) ? value * uWindow.x + uWindow.y : most);
#endif
#else
#if defined(PIECES)
        vec2 here = spotOf(value);
        vec4 toHere = integralTo(0, here.x, here.y);
        vec4 c = pieceBetween(0, had ? before : here, had ? sum : toHere, here, toHere, thick);
        had = isNumber(value);
#if IMAGE_STORAGE == 2
        c = had ? c : vec4(0.);
#endif
        before = here;
        sum = toHere;
#else
        vec4 c = stepOf(value, v);
#endif
#if defined(OVERLAY)
        c = shows ? c : vec4(0.);
        vec4 l = overlayAt(P, uLabelOpacity[row]);
        c = l + (1. - l.a) * c;
        P += dP;
#endif
#if defined(SHADED)
        // What adds less than a step of 8 bits is not lit. A loop of at most one turn: where no ray of a group needs it, it is skipped, which an `if` need not be.
        for (int k = 0; k < 1 && e.w > 0. && (1. - acc.a) * c.a > .003; ++k) {
          vec2 shade = shadeAt(at);
          c.rgb = min(c.rgb * shade.x + c.a * shade.y, c.a);
        }
#endif
#if defined(DEPTH)
        c = asLongAs(c, done + (begun + float(i)) * pace, pace, whole);
#endif
        acc += (1. - acc.a) * c;
#endif
#else
        uint id = labelId(texel);
        vec4 c = labelStep(id, uLabelOpacity[row]);
#if defined(DEPTH)
        c = asLongAs(c, done + (begun + float(i)) * pace, pace, whole);
#endif
        acc += (1. - acc.a) * c;
#endif
        at += dx;
      }
#if defined(CELLS)
      if (acc.a > OPAQUE) break; // once a run: a test at every sample, or every few, costs more than it saves
#endif
    }
    done += k * pace;
    s = first + done * uStep;
    if (acc.a > OPAQUE) break;
  }
#if defined(MIP)
  acc = textureLod(uTransfer, vec2(TRANSFER_AT(most), 1.5 / float(TRANSFER_ROWS + 1)), 0.);
  acc = over + (1. - over.a) * acc;
#endif
  color = acc.a > OPAQUE ? acc / acc.a : acc; // as if what was left out looked like what lies before it
}
