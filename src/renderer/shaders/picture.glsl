// The ray-marched picture of a view at a pixel of the canvas; one of lower resolution is enlarged linearly.
uniform sampler2D uPicture;
uniform vec4 uViewport;     // lower left corner and 1 / size of the view in gl_FragCoord
uniform vec2 uUsed;         // part of the texture that holds the picture
uniform vec2 uHalfTexel;

uniform sampler2D uSolid;  // solid things, at full resolution: rays end at them, so they lie behind all of the picture
uniform float uHasSolid;     // 1 where there are any

vec4 pictureAt(vec2 place) {
  vec4 picture = textureLod(uPicture, clamp(place * uUsed, uHalfTexel, uUsed - uHalfTexel), 0.);
  if (uHasSolid > 0.) picture += (1. - picture.a) * textureLod(uSolid, place, 0.);
  return picture;
}
