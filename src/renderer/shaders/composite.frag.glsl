// Lays the ray-marched picture over what is there; a picture of lower resolution is enlarged linearly.
out vec4 color;

uniform sampler2D uPicture;
uniform vec4 uViewport;     // lower left corner and 1 / size of the view in gl_FragCoord
uniform vec2 uUsed;         // part of the texture that holds the picture
uniform vec2 uHalfTexel;

void main() {
  vec2 at = (gl_FragCoord.xy - uViewport.xy) * uViewport.zw * uUsed;
  color = textureLod(uPicture, clamp(at, uHalfTexel, uUsed - uHalfTexel), 0.);
}
