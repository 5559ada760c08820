// What a slice shows for a value or texel: an image by its colour map, a label by its colour.
uniform float uOpacity;

#if IMAGE_STORAGE >= 0
uniform sampler2D uTransfer;
#if defined(MARKED)
uniform vec2 uRaw;          // from a texel's number to the value
uniform vec2 uMarked;       // the values that are tinted
uniform vec3 uMarkColor;
#endif

vec4 sliceLook(float value) {
  if (!isNumber(value)) return vec4(0.);
  float t = value * uWindow.x + uWindow.y;
#if defined(IN_SPACE)
  // Among volumes, air hides nothing.
  if (t <= TRANSFER_LOW) return vec4(0.);
#endif
  vec3 c = textureLod(uTransfer, vec2(TRANSFER_AT(t), .5 / float(TRANSFER_ROWS + 1)), 0.).rgb;
#if defined(MARKED)
  float own = value * uRaw.x + uRaw.y;
  if (own >= uMarked.x && own <= uMarked.y) c = mix(c, uMarkColor, .6);
#endif
  return vec4(c, 1.) * uOpacity;
}
#else
#if defined(LABEL_LOOKUP)
uniform highp usampler2D uLookup;
uniform float uRest;
#endif

vec4 sliceLook(vec4 texel) {
  uint id = labelId(texel);
  if (id == 0u) return vec4(0.);
#if defined(LABEL_LOOKUP)
  vec4 look = labelLook(id, uLookup, uRest);
  return vec4(look.rgb, 1.) * (look.a * uOpacity);
#else
  return vec4(labelColor(id), 1.) * uOpacity;
#endif
}
#endif
