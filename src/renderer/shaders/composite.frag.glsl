// The picture over a calm background: lighter above the middle, darker towards the corners, with noise below one step of
// 8 bits against banding. One pass that blends nothing: on slow devices every pass over the canvas counts.
out vec4 color;

uniform vec3 uColor;
uniform float uGlow;
#if defined(BLENDING)
uniform sampler2D uBefore;  // the picture from coarser bricks
uniform vec4 uBeforeUsed;   // the part of it that is used, and half a texel
uniform float uPart;        // of the new one

vec4 beforeAt(vec2 place) {
  vec4 picture = textureLod(uBefore, clamp(place * uBeforeUsed.xy, uBeforeUsed.zw, uBeforeUsed.xy - uBeforeUsed.zw), 0.);
  if (uHasSolid > 0.) picture += (1. - picture.a) * textureLod(uSolid, place, 0.);
  return picture;
}
#endif

void main() {
  vec2 place = (gl_FragCoord.xy - uViewport.xy) * uViewport.zw;
  float glow = uGlow * (smoothstep(.85, 0., length(place - vec2(.5, .58))) - .45);
  float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(.06711056, .00583715)))) - .5;
  vec4 picture = pictureAt(place);
#if defined(BLENDING)
  picture = mix(beforeAt(place), picture, uPart);
#endif
  color = vec4(picture.rgb + (1. - picture.a) * (uColor + glow + noise / 255.), 1.);
}
