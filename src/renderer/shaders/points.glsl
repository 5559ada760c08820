// A point of a cloud by its instance: where it is, how large, in which colour. Places are integers in steps of the cloud's box; the
// difference to a reference near the eye is exact, so that nothing trembles however far from the origin the cloud lies.
precision highp usampler2D;

in vec3 position;           // corner of a square, -1..1
uniform usampler2D uPoints; // x, y, z, bits of the value; slots one after the other
uniform usampler2D uSlots;  // slots to draw
uniform sampler2D uColors;  // over the window; alpha: opacity
uniform int uStride;        // texels of a slot
uniform ivec3 uReference;   // steps
uniform mat3 uToWorld;      // steps to world lengths
uniform vec3 uBase;         // the reference as seen from the origin of the view: the eye, or the middle of a slice
uniform vec3 uWindow;       // low end, 1 / width, and a power of two before both
uniform vec2 uLog;          // how steep a logarithmic window is; 0, 0: it is none
uniform vec2 uRange;        // values that are shown
uniform vec2 uRadius;       // at the low and the high end of the window
uniform vec4 uClip[CLIP_PLANES]; // kept is what lies, seen from the origin of the view, at dot(xyz, place) >= w
uniform int uClips;
uniform vec4 uCut[CUT_PLANES]; // not shown is what lies at dot(xyz, place) < w of every one
uniform int uCuts;

struct Point { vec3 at; float radius; vec4 color; };

/** False where nothing is to be drawn. */
bool readPoint(out Point point) {
  int width = textureSize(uPoints, 0).x;
  int slot = int(texelFetch(uSlots, ivec2(gl_InstanceID / uStride, 0), 0).r);
  int texel = slot * uStride + gl_InstanceID % uStride;
  uvec4 data = texelFetch(uPoints, ivec2(texel % width, texel / width), 0);
  float value = uintBitsToFloat(data.w);
  point = Point(vec3(0.), 0., vec4(0.));
  if (data.x == 0xffffffffu || value < uRange.x || value > uRange.y) return false;
  float share = clamp((value * uWindow.z - uWindow.x) * uWindow.y, 0., 1.);
  float place = uLog.y == 0. ? share : logPlace(share, uLog);
  point.color = textureLod(uColors, vec2((place * float(COLORS - 1) + .5) / float(COLORS), .5), 0.);
  if (point.color.a <= 0.) return false;
  point.at = uToWorld * vec3(ivec3(data.xyz) - uReference) + uBase;
  point.radius = mix(uRadius.x, uRadius.y, share);
  for (int i = 0; i < CLIP_PLANES; ++i) {
    if (i >= uClips) break;
    if (dot(uClip[i].xyz, point.at) < uClip[i].w) return false;
  }
  bool cut = uCuts > 0;
  for (int i = 0; i < CUT_PLANES; ++i) {
    if (i >= uCuts) break;
    cut = cut && dot(uCut[i].xyz, point.at) < uCut[i].w;
  }
  return !cut;
}
